import { resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { type DifftarErrorCode, writeKeyPair } from '@mirror/difftar'
import type { ExitCode } from '../../errors/exit-codes.ts'
import { formatJsonLine } from '../../render/render-json.ts'
import { printResult, type Session } from '../session.ts'

/** Makes a key pair for signing deltas. Replaces nothing. */
export async function runNewKey(session: Session): Promise<ExitCode> {
  const { flags, cwd, stdout, now, command } = session
  const { id, publicKey, written } = write(resolve(cwd, flags.words['name'] ?? ''))
  const [secret, open] = written
  printResult(session, `wrote ${secret} (keep it secret: it signs)\nwrote ${open} (give it to the other side)\nkey ${id}: ${publicKey}\n`)
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command, exitCode: 0, id, publicKey, written }, now()))
  return 0
}

function write(path: string): ReturnType<typeof writeKeyPair> {
  try {
    return writeKeyPair(path)
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause && 'code' in cause)) throw cause
    throw new MirrorError<DifftarErrorCode>('FILE_NOT_WRITTEN', `Cannot write the key ${JSON.stringify(path)}: ${String(cause.code)}`, { hint: 'Name a folder that can be written.', cause })
  }
}
