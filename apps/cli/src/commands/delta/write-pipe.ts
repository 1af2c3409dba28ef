import { MirrorError } from '@mirror/core'
import type { CliErrorCode } from '../../error-codes.ts'
import type { Pipes } from '../session.ts'

/** Writes bytes to stdout. Throws `PIPE_BROKEN` when nobody reads them any more: what came through so far is not whole. */
export async function writePipe({ writeBytes }: Pipes, bytes: Uint8Array): Promise<void> {
  if (writeBytes === undefined) throw new MirrorError<CliErrorCode>('PIPE_BROKEN', 'Cannot write to stdout: it takes no bytes here', { hint: 'Name a file.' })
  try {
    await writeBytes(bytes)
  } catch (cause) {
    throw new MirrorError<CliErrorCode>('PIPE_BROKEN', `Cannot write to stdout: ${cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)}`, { hint: 'What came through is not whole: do not use it.', cause })
  }
}
