import { readFileSync } from 'node:fs'
import type { Program } from './invocation.ts'

/** The widths that the bundle has help for: of a pipe or a classic terminal, and of every wide one. */
export const RENDERED_WIDTHS: readonly number[] = [80, 110]

/** How wide help is for a terminal of so many columns. */
export function fitHelp(columns: number): number {
  return Math.max(60, Math.min(columns, 110))
}

/** A command line that may ask for help. */
export interface HelpRequest {
  readonly program: Program
  readonly argv: readonly string[]
  /** Columns of the terminal. */
  readonly columns: number
}

const BUNDLED = new URL('../help/', import.meta.url)

/**
 * The help that a command line asks for, as it was rendered when the commands were bundled, so that yargs need not be loaded for it. Undefined for any other
 * command line, for widths in between, and where nothing is bundled: yargs renders the same.
 */
export function readHelp({ program, argv, columns }: HelpRequest, folder: URL = BUNDLED): string | undefined {
  const words = argv.slice(0, -1)
  const isHelp = argv.at(-1) === '--help' || argv.at(-1) === '-h'
  if (!isHelp || !words.every((word) => /^[a-z][a-z-]*$/.test(word))) return undefined
  try {
    return readFileSync(new URL(nameHelp([program, ...words], fitHelp(columns)), folder), 'utf8')
  } catch {
    return undefined
  }
}

/** The file with the help of a command, such as `['mirror', 'sync']`. */
export function nameHelp(words: readonly string[], width: number): string {
  return `${words.join('.')}.${width}.txt`
}
