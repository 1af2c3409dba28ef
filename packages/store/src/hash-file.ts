import { createHash, hash } from 'node:crypto'
import fs from 'node:fs'
import { createDigest, type Digest, digestHex, digestKind } from '@mirror/core'
import { hasErrno } from './disk-io.ts'

/** What a path holds, compared with an identity. */
export type FileCheck = 'right' | 'absent' | 'size' | 'digest' | 'not-a-file'

/** What a file should be. */
export interface FileIdentity {
  readonly digest: Digest
  readonly size: number
}

/** Reads in pieces of this size: larger ones miss the processor's cache. */
const READ_BYTES = 256 * 1024
const YIELD_BYTES = 8 * 1024 * 1024
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK

let shared: Buffer | undefined

/** Compares a file with its identity: size first, then every byte. Follows no symlink and does not hang on a pipe. */
export async function checkFile(path: string, { digest, size }: FileIdentity): Promise<FileCheck> {
  const fd = openRegular(path)
  if (typeof fd === 'string') return fd
  try {
    if (fs.fstatSync(fd).size !== size) return 'size'
    const hex = size <= READ_BYTES ? hashSmall(fd, size, digest) : await hashLarge(fd, digest)
    return hex === digestHex(digest) ? 'right' : 'digest'
  } finally {
    fs.closeSync(fd)
  }
}

/** The digests of a file by both functions that an index may name bytes with. */
export async function digestsOf(path: string): Promise<readonly Digest[]> {
  const sums = (['sha256', 'md5'] as const).map((kind) => ({ kind, sum: createHash(kind) }))
  for await (const piece of readPieces(path)) for (const { sum } of sums) sum.update(piece)
  return sums.map(({ kind, sum }) => createDigest(kind, sum.digest('hex')))
}

/** Opens a regular file for reading; says what is there otherwise. */
export function openRegular(path: string): number | 'absent' | 'not-a-file' {
  let fd: number
  try {
    // To make an exception takes longer than to look.
    if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return 'absent'
    fd = fs.openSync(path, FLAGS)
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return 'absent'
    if (hasErrno(error, 'ELOOP', 'ENXIO', 'EISDIR')) return 'not-a-file'
    throw error
  }
  if (fs.fstatSync(fd).isFile()) return fd
  fs.closeSync(fd)
  return 'not-a-file'
}

function hashSmall(fd: number, size: number, digest: Digest): string {
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES)
  let length = 0
  while (length < size) {
    const got = fs.readSync(fd, shared, length, size - length, null)
    if (got === 0) break
    length += got
  }
  return hash(digestKind(digest), shared.subarray(0, length), 'hex')
}

/** Has a buffer of its own, because others may hash between its pieces. */
async function hashLarge(fd: number, digest: Digest): Promise<string> {
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES)
  const sum = createHash(digestKind(digest))
  let since = 0
  for (;;) {
    const got = fs.readSync(fd, buffer, 0, buffer.length, null)
    if (got === 0) return sum.digest('hex')
    sum.update(buffer.subarray(0, got))
    since += got
    if (since >= YIELD_BYTES) {
      since = 0
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
}

/** A file's bytes in pieces. The pieces are fresh. Closes the file also when the reader stops early. */
export async function* readPieces(path: string, { start = 0, end = Number.MAX_SAFE_INTEGER }: { readonly start?: number; readonly end?: number } = {}): AsyncGenerator<Uint8Array> {
  const handle = await fs.promises.open(path, FLAGS)
  try {
    yield* readHandle(handle, { start, end })
  } finally {
    await handle.close()
  }
}

/** Reads an open file from `start` to `end` (excluded), or to its end. */
async function* readHandle(handle: fs.promises.FileHandle, { start, end }: { readonly start: number; readonly end: number }): AsyncGenerator<Uint8Array> {
  let position = start
  while (position < end) {
    const wanted = Math.min(READ_BYTES, end - position)
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
  }
}
