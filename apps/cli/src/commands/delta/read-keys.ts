import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { type DifftarErrorCode, parsePublicKey, parseSecretKey, type PublicKey, type SecretKey } from '@mirror/difftar'
import type { Session } from '../session.ts'

/** The keys of `--key`: files, or their text. Throws `KEY_INVALID`. */
export function readPublicKeys({ flags, cwd }: Pick<Session, 'flags' | 'cwd'>): readonly PublicKey[] {
  return flags.keys.map((key) => {
    const path = resolve(cwd, key)
    return parsePublicKey(existsSync(path) ? readText(path) : key)
  })
}

/** The key of `--sign`: always a file, as its text would stay in the history of the shell. Throws `KEY_INVALID`. */
export function readSecretKey({ flags, cwd }: Pick<Session, 'flags' | 'cwd'>): SecretKey | undefined {
  return flags.sign === undefined ? undefined : parseSecretKey(readText(resolve(cwd, flags.sign)))
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new MirrorError<DifftarErrorCode>('KEY_INVALID', `Cannot read the key ${JSON.stringify(path)}: ${cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)}`, {
      hint: 'Name the file that `mirror delta new-key` or minisign made.', cause,
    })
  }
}
