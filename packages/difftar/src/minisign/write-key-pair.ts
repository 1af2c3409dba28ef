import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { difftarError } from '../difftar-error.ts'
import { hasErrno } from '../files/open-file.ts'
import { createKeyPair } from './minisign.ts'

/** A key pair that was written. */
export interface WrittenKeyPair {
  /** 16 upper-case hex digits, as minisign shows them. */
  readonly id: string
  /** The public key in one line, as `--key` takes it. */
  readonly publicKey: string
  /** The secret key, which only its owner can read, and the public one. */
  readonly written: readonly [secret: string, open: string]
}

/** Makes a key pair, and writes it to `<path>.key` and `<path>.pub`. Replaces nothing: throws `KEY_EXISTS`, and what the file system throws; then nothing stays. */
export function writeKeyPair(path: string): WrittenKeyPair {
  const written = [`${path}.key`, `${path}.pub`] as const
  const taken = written.find((file) => existsSync(file))
  if (taken !== undefined) throw exists(taken)
  const { id, publicKey, secretKey } = createKeyPair()
  const [secret, open] = written
  writeNew(secret, secretKey, 0o600)
  try {
    writeNew(open, publicKey, 0o644)
  } catch (error) {
    rmSync(secret, { force: true })
    throw error
  }
  return { id, publicKey: publicKey.split('\n')[1] ?? '', written }
}

function writeNew(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flag: 'wx' })
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) throw exists(path)
    throw error
  }
}

function exists(path: string): Error {
  return difftarError('KEY_EXISTS', `Cannot make a key pair: ${path} is there already`, { hint: 'Choose another name. A key that was replaced could not sign for those who trust it any more.' })
}
