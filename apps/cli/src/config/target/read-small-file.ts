import { constants, open } from 'node:fs/promises'
import type { ConfigProblem } from '../problems.ts'

/** A file of somebody's configuration, read or not. */
export type SmallFile =
  | { readonly status: 'read'; readonly text: string; readonly isShared: boolean }
  | { readonly status: 'absent' }
  /** `why` as half a sentence, without anything of the content. */
  | { readonly status: 'unreadable'; readonly why: string }

/** Far above what a person writes. */
const LIMIT = 4 * 1024 * 1024

/** Reads a file of text (UTF-8). Never throws: what is in the way is in the result. `isShared`: others than its owner may read it. */
export async function readSmallFile(path: string): Promise<SmallFile> {
  try {
    // Without O_NONBLOCK, opening a pipe would wait for its other end. Windows has neither.
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) return { status: 'unreadable', why: 'it is no file' }
    if (stat.size > LIMIT) return { status: 'unreadable', why: 'it is larger than 4 MiB' }
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile())
    return { status: 'read', text, isShared: process.platform !== 'win32' && (stat.mode & 0o044) !== 0 }
  } catch (error) {
    if (isAbsence(error)) return { status: 'absent' }
    return { status: 'unreadable', why: describeFailure(error) }
  }
}

/** True where a path leads nowhere, also because a folder on the way is a file. */
export function isAbsence(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')
}

/** Why a file or folder cannot be read, as half a sentence. */
export function describeFailure(error: unknown): string {
  if (error instanceof TypeError) return 'it is not UTF-8'
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  return code ?? 'it cannot be read'
}

/** The warning that others than its owner may read a file with secrets. */
export function warnOfSharing(path: string): ConfigProblem {
  return { code: 'CONFIG_INVALID', where: path, key: undefined, message: 'others can read this file, and it holds a secret', hint: `chmod 600 ${JSON.stringify(path)}` }
}
