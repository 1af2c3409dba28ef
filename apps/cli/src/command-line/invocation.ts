import type { Flags, MirrorCommand } from './flags.ts'

/** The name that the command line was started by. */
export type Program = 'mirror' | 'cas-sync' | 'cas-merge' | 'cas-sync-api-v4' | 'cas-sync-api-v5' | 'cas-server'

/** A command to be carried out. */
export interface CommandInvocation {
  readonly type: 'command'
  readonly command: MirrorCommand
  readonly flags: Flags
}

/** What a command line asks for. */
export type Invocation =
  | CommandInvocation
  /** Help or version: nothing but to be printed. */
  | { readonly type: 'print'; readonly text: string }
