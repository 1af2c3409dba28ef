import type { Readable } from 'node:stream'

/** What the command works with: nothing of the process is reached otherwise. */
export interface Program {
  readonly stdout: (text: string | Uint8Array) => Promise<void>
  readonly stderr: (text: string) => void
  readonly stdin: Readable
  /** What relative paths are relative to. */
  readonly directory: string
  readonly version: string
  /** The single file that this program is, where it is one. */
  readonly tool: string | undefined
  readonly signal: AbortSignal
}
