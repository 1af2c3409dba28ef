import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { type DifftarErrorCode, parsePublicKey, parseSecretKey, type PublicKey, type SecretKey } from '@mirror/difftar'
import type { Session } from '../session.ts'

/** The keys of `--key`, else those of the configuration: files, or their text. Throws `KEY_INVALID`. */
export function readPublicKeys({ config, flags, cwd }: Pick<Session, 'config' | 'flags' | 'cwd'>): readonly PublicKey[] {
  return (flags.keys.length > 0 ? flags.keys : config.delta.keys).map((key) => {
    const path = resolve(cwd, key)
    return parsePublicKey(existsSync(path) ? readText(path) : key)
  })
}

/** The key of `--sign`, else that of the configuration: always a file, as its text would stay in the history of the shell. Throws `KEY_INVALID`. */
export function readSecretKey({ config, flags, cwd }: Pick<Session, 'config' | 'flags' | 'cwd'>): SecretKey | undefined {
  const path = flags.sign ?? config.delta.secretKey
  return path === undefined ? undefined : parseSecretKey(readText(resolve(cwd, path)))
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
