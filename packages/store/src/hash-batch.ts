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
const STEP_BYTES = 8 * 1024 * 1024
const FLAGS = fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK
let buffer: Buffer | undefined

/** Compares every file of a batch, in this thread, without giving way to others. Answers one byte a file: an index of `OUTCOMES`. */
export function checkBatch(batch: HashBatch): Uint8Array {
  const steps = checkInSteps(batch)
  for (let step = steps.next(); ; step = steps.next()) if (step.done === true) return step.value
}

/** The same, in steps of some milliseconds, between which other work can go on. */
export function* checkInSteps({ paths, digests, sizes }: HashBatch): Generator<undefined, Uint8Array> {
  const answers = new Uint8Array(paths.length)
  const progress: Progress = { bytes: 0 }
  for (const [index, path] of paths.entries()) answers[index] = OUTCOMES.indexOf(yield* checkOne(path, { digest: digests[index] ?? '', size: sizes[index] ?? -1, progress }))
  return answers
}

/** Bytes since the last step. */
interface Progress {
  bytes: number
}

interface Expected {
  readonly digest: string
  readonly size: number
  readonly progress: Progress
}

function* checkOne(path: string, expected: Expected): Generator<undefined, HashOutcome> {
  let fd: number
  try {
    fd = fs.openSync(path, FLAGS)
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR') ? 'missing' : 'not-a-file'
  }
  try {
    return yield* checkOpen(fd, expected)
  } catch {
    // A disk that cannot read it back: whatever the bytes were, they are not there.
    return 'digest'
  } finally {
    fs.closeSync(fd)
  }
}

function* checkOpen(fd: number, { digest, size, progress }: Expected): Generator<undefined, HashOutcome> {
  const stat = fs.fstatSync(fd)
  if (!stat.isFile()) return 'not-a-file'
  if (stat.size !== size) return 'size'
  const separator = digest.indexOf(':')
  const kind = digest.slice(0, separator)
  const found = size <= READ_BYTES ? hashSmall(fd, kind, size) : yield* hashLarge(fd, kind, progress)
  progress.bytes += Math.min(size, READ_BYTES)
  if (progress.bytes >= STEP_BYTES) yield* endStep(progress)
  return found === digest.slice(separator + 1) ? 'right' : 'digest'
}

function* endStep(progress: Progress): Generator<undefined, void> {
  progress.bytes = 0
  yield
}

function hashSmall(fd: number, kind: string, size: number): string {
  buffer ??= Buffer.allocUnsafeSlow(READ_BYTES)
  const length = size === 0 ? 0 : fs.readSync(fd, buffer, 0, size, null)
  return length === size ? hash(kind, buffer.subarray(0, length), 'hex') : ''
}

/** Between a read and its hash there is no step: the buffer is everyone's. */
function* hashLarge(fd: number, kind: string, progress: Progress): Generator<undefined, string> {
  buffer ??= Buffer.allocUnsafeSlow(READ_BYTES)
  const sum = createHash(kind)
  for (let got = fs.readSync(fd, buffer, 0, READ_BYTES, null); got > 0; got = fs.readSync(fd, buffer, 0, READ_BYTES, null)) {
    sum.update(buffer.subarray(0, got))
    progress.bytes += got
    if (progress.bytes >= STEP_BYTES) yield* endStep(progress)
  }
  return sum.digest('hex')
}
