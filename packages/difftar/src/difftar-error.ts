import { MirrorError, type MirrorErrorOptions } from '@mirror/core'
import type { DifftarErrorCode } from './error-codes.ts'

/** An error of this package. */
export function difftarError(code: DifftarErrorCode, message: string, options?: MirrorErrorOptions): MirrorError<DifftarErrorCode> {
  return new MirrorError(code, message, options)
}
