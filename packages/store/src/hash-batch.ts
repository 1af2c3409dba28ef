import { createHash, hash } from 'node:crypto'
import fs from 'node:fs'

/** Files to compare with what they should be; three columns of one length. */
export interface HashBatch {
  readonly paths: readonly string[]
  /** `sha256:<hex>` or `md5:<hex>`. */
  readonly digests: readonly string[]
  readonly sizes: readonly number[]
}

/** What a byte of an answer means. */
export const OUTCOMES = ['right', 'missing', 'size', 'digest', 'not-a-file'] as const

/** What a file turned out to be. */
export type HashOutcome = (typeof OUTCOMES)[number]

const READ_BYTES = 256 * 1024
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK
let buffer: Buffer | undefined

/** Compares every file of a batch, in this thread, without giving way to others. Answers one byte a file: an index of `OUTCOMES`. */
export function checkBatch({ paths, digests, sizes }: HashBatch): Uint8Array {
  const answers = new Uint8Array(paths.length)
  for (const [index, path] of paths.entries()) answers[index] = OUTCOMES.indexOf(checkOne(path, digests[index] ?? '', sizes[index] ?? -1))
  return answers
}

function checkOne(path: string, digest: string, size: number): HashOutcome {
  let fd: number
  try {
    fd = fs.openSync(path, FLAGS)
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR') ? 'missing' : 'not-a-file'
  }
  try {
    return checkOpen(fd, digest, size)
  } catch {
    // A disk that cannot read it back: whatever the bytes were, they are not there.
    return 'digest'
  } finally {
    fs.closeSync(fd)
  }
}

function checkOpen(fd: number, digest: string, size: number): HashOutcome {
  const stat = fs.fstatSync(fd)
  if (!stat.isFile()) return 'not-a-file'
  if (stat.size !== size) return 'size'
  const separator = digest.indexOf(':')
  return hashOpen(fd, digest.slice(0, separator), size) === digest.slice(separator + 1) ? 'right' : 'digest'
}

function hashOpen(fd: number, kind: string, size: number): string {
  buffer ??= Buffer.allocUnsafeSlow(READ_BYTES)
  if (size <= READ_BYTES) {
    const length = size === 0 ? 0 : fs.readSync(fd, buffer, 0, size, null)
    if (length === size) return hash(kind, buffer.subarray(0, length), 'hex')
    return ''
  }
  const sum = createHash(kind)
  for (let got = fs.readSync(fd, buffer, 0, READ_BYTES, null); got > 0; got = fs.readSync(fd, buffer, 0, READ_BYTES, null)) sum.update(buffer.subarray(0, got))
  return sum.digest('hex')
}
