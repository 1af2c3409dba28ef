import { hash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { type Digest, digestHex } from '@mirror/core'
import type { DiskIo } from './disk-io.ts'
import type { DiskPaths } from './disk-paths.ts'
import { discard, writeNewFile } from './disk-write.ts'

/** How a file looked: while inode and both times are the same, its bytes are. */
export interface FileLook {
  readonly inode: number
  /** Milliseconds, as precise as the file system. */
  readonly modified: number
  readonly changed: number
}

/** What is known of files that were read and compared before: bytes of a digest were in a file that looked like this. */
export interface VerifiedFiles {
  /** True when a file of that size has not changed since it was found to have these bytes. One that is known stays known. */
  readonly isKnown: (path: string, digest: Digest, size: number | undefined) => boolean
  /** How a file looks before it is read; undefined for one that is none, or changed a moment ago: it may change again without looking so. */
  readonly look: (path: string) => FileLook | undefined
  /** Notes that a file which looked like this was found right, if it still looks so. */
  readonly note: (path: string, digest: Digest, look: FileLook | undefined) => void
  /** Keeps what is known, whole or not at all; nothing when nothing changed. A mirror that cannot be written is none the worse. */
  readonly write: (io: DiskIo, mode: number) => Promise<void>
}

/** Options of `readVerifiedFiles`. */
export interface VerifiedFilesOptions {
  /** Start from nothing. */
  readonly fresh: boolean
  /** Milliseconds. */
  readonly now: () => number
}

const NAME = 'verified.bin'
const MAGIC = 'MVERIFY1'
const BYTE_ORDER = 0x01020304
const HEAD_BYTES = 16
const SEAL_BYTES = 32
const NUMBERS = 3

/** A file that changed less than a minute ago may not be on the disk yet, and its times may not tell one change from the next. */
const SETTLED = 60_000

/** Columns, a row for each file: two words of the digest, then inode and times. 32 bytes a file. */
interface Rows {
  readonly count: number
  readonly digests: Uint32Array
  readonly numbers: Float64Array
}

/** Reads what earlier verifications noted; nothing is known where that is absent, torn, or of another machine. */
export function readVerifiedFiles(paths: Pick<DiskPaths, 'memo'>, { fresh, now }: VerifiedFilesOptions): VerifiedFiles {
  const before = fresh ? NO_ROWS : readRows(join(paths.memo, NAME))
  const find = createFinder(before)
  const kept = new Uint8Array(before.count)
  const added = { digests: [] as number[], numbers: [] as number[] }

  function look(path: string): FileLook | undefined {
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat?.isFile() !== true || now() - stat.ctimeMs < SETTLED) return undefined
    return { inode: stat.ino, modified: stat.mtimeMs, changed: stat.ctimeMs }
  }

  return {
    look,
    isKnown(path, digest, size) {
      const stat = fs.lstatSync(path, { throwIfNoEntry: false })
      if (stat?.isFile() !== true || (size !== undefined && stat.size !== size)) return false
      const row = find(digest, { inode: stat.ino, modified: stat.mtimeMs, changed: stat.ctimeMs })
      if (row !== undefined) kept[row] = 1
      return row !== undefined
    },
    note(path, digest, earlier) {
      const later = earlier === undefined ? undefined : look(path)
      if (earlier === undefined || later?.inode !== earlier.inode || later.modified !== earlier.modified || later.changed !== earlier.changed) return
      added.digests.push(...wordsOf(digest))
      added.numbers.push(later.inode, later.modified, later.changed)
    },
    async write(io, mode) {
      if (!fresh && added.digests.length === 0 && kept.every((one) => one === 1)) return
      await writeRows({ io, mode, memo: paths.memo }, mergeRows(before, kept, added))
    },
  }
}

const NO_ROWS: Rows = { count: 0, digests: new Uint32Array(), numbers: new Float64Array() }

function wordsOf(digest: Digest): readonly [number, number] {
  const hex = digestHex(digest)
  return [Number.parseInt(hex.slice(0, 8), 16), Number.parseInt(hex.slice(8, 16), 16)]
}

/** A table of rows by the first word of their digests, with open addressing. Rows of one digest, as of two names for the same bytes, stand one after another. */
function createFinder({ count, digests, numbers }: Rows): (digest: Digest, look: FileLook) => number | undefined {
  const size = 2 ** Math.ceil(Math.log2(count * 2 + 1))
  const slots = new Int32Array(size)
  const slotOf = (word: number): number => word & (size - 1)
  for (let row = 0; row < count; row += 1) {
    let slot = slotOf(digests[row * 2] ?? 0)
    while (slots[slot] !== 0) slot = slotOf(slot + 1)
    slots[slot] = row + 1
  }
  const isSame = (row: number, { inode, modified, changed }: FileLook): boolean =>
    numbers[row * NUMBERS] === inode && numbers[row * NUMBERS + 1] === modified && numbers[row * NUMBERS + 2] === changed
  return (digest, look) => {
    const [first, second] = wordsOf(digest)
    for (let slot = slotOf(first); ; slot = slotOf(slot + 1)) {
      const row = (slots[slot] ?? 0) - 1
      if (row < 0) return undefined
      if (digests[row * 2] === first && digests[row * 2 + 1] === second && isSame(row, look)) return row
    }
  }
}

function mergeRows(before: Rows, kept: Uint8Array, added: { readonly digests: readonly number[]; readonly numbers: readonly number[] }): Rows {
  const old = kept.reduce((sum, one) => sum + one, 0)
  const count = old + added.digests.length / 2
  const digests = new Uint32Array(count * 2)
  const numbers = new Float64Array(count * NUMBERS)
  let row = 0
  for (let from = 0; from < before.count; from += 1) {
    if (kept[from] !== 1) continue
    digests.set(before.digests.subarray(from * 2, from * 2 + 2), row * 2)
    numbers.set(before.numbers.subarray(from * NUMBERS, from * NUMBERS + NUMBERS), row * NUMBERS)
    row += 1
  }
  digests.set(added.digests, row * 2)
  numbers.set(added.numbers, row * NUMBERS)
  return { count, digests, numbers }
}

interface Place {
  readonly io: DiskIo
  readonly mode: number
  readonly memo: string
}

/** Sealed by its own sha256, so that a torn or rotten note is none: it must never vouch for bytes that nobody read. */
async function writeRows({ io, mode, memo }: Place, { count, digests, numbers }: Rows): Promise<void> {
  const head = Buffer.alloc(HEAD_BYTES)
  head.write(MAGIC, 'latin1')
  new Uint32Array(head.buffer, head.byteOffset + MAGIC.length, 2).set([count, BYTE_ORDER])
  const body = Buffer.concat([head, new Uint8Array(numbers.buffer), new Uint8Array(digests.buffer)])
  const draft = join(memo, `${NAME}.${process.pid}.draft`)
  try {
    await writeNewFile(io, draft, { pieces: [body, Buffer.from(hash('sha256', body, 'hex'), 'hex')], mode })
    io.rename(draft, join(memo, NAME))
  } catch {
    discard(io, draft)
  }
}

function readRows(path: string): Rows {
  const bytes = readBytes(path)
  if (bytes === undefined || bytes.length < HEAD_BYTES + SEAL_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return NO_ROWS
  const body = bytes.subarray(0, -SEAL_BYTES)
  if (hash('sha256', body, 'hex') !== bytes.toString('hex', bytes.length - SEAL_BYTES)) return NO_ROWS
  const [count = 0, order] = new Uint32Array(bytes.buffer, bytes.byteOffset + MAGIC.length, 2)
  if (order !== BYTE_ORDER || body.length !== HEAD_BYTES + count * (NUMBERS * 8 + 8)) return NO_ROWS
  const numbers = new Float64Array(bytes.buffer, bytes.byteOffset + HEAD_BYTES, count * NUMBERS)
  return { count, numbers, digests: new Uint32Array(bytes.buffer, bytes.byteOffset + HEAD_BYTES + numbers.byteLength, count * 2) }
}

/** In a buffer of its own, so that columns can lie over it. */
function readBytes(path: string): Buffer | undefined {
  try {
    const bytes = Buffer.allocUnsafeSlow(fs.statSync(path).size)
    const fd = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
    try {
      return fs.readSync(fd, bytes, 0, bytes.length, 0) === bytes.length ? bytes : undefined
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return undefined
  }
}
