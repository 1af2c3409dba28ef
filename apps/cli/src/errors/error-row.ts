import type { ExitCode } from './exit-codes.ts'

/** What a code means to whoever reads it. */
export interface ErrorRow {
  readonly exit: ExitCode
  readonly meaning: string
  readonly cause: string
  readonly advice: string
}
