import { MirrorError } from '@mirror/core'
import type { CliErrorCode } from '../error-codes.ts'

/** The error for a command line that cannot be meant: what it says, and what to write instead. */
export function createMisuseError(what: string, hint: string): MirrorError<CliErrorCode> {
  return new MirrorError('USAGE', `Cannot read the command line: ${what}`, { hint })
}
