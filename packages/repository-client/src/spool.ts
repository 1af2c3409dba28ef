import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { type ByteSource, isSha256, type Sha256 } from '@mirror/core'

/** Bytes that were kept, whole: in memory, or in a file that no name leads to. */
export interface SpooledBytes extends ByteSource, Disposable {
  readonly sha256: Sha256
  /** Gives memory or disk back. Twice is harmless; reading afterwards throws. */
  readonly close: () => void
}

/** Where bytes are kept. */
export interface SpoolOptions {
  /** Larger ones go to a file in this folder; without it, all stay in memory. */
  readonly folder: string | undefined
  /** Up to so many bytes stay in memory. */
  readonly memory: number
}

/** Bytes being kept. */
export interface Spool {
  readonly length: number
  /** Keeps a copy of a chunk. */
  readonly write: (chunk: Uint8Array) => void
  /** All of it; the spool takes no more. */
  readonly end: () => SpooledBytes
  /** Throws it away, if it was not ended. */
  readonly abandon: () => void
}

/** Creates an empty spool. Files are made anew, for this user alone, and lose their name at once, so that nothing stays behind, not even after a kill. */
export function createSpool({ folder, memory }: SpoolOptions): Spool {
  const hash = createHash('sha256')
  let chunks: Buffer[] = []
  let length = 0
  let file: number | undefined
  let ended = false

  function moveToFile(into: string): void {
    const path = join(into, `.spool-${randomBytes(12).toString('hex')}`)
    file = openSync(path, 'wx+', 0o600)
    unlinkSync(path)
    for (const chunk of chunks) writeAll(file, chunk)
    chunks = []
  }

  return {
    get length() {
      return length
    },
    write(chunk) {
      if (folder !== undefined && file === undefined && length + chunk.length > memory) moveToFile(folder)
      hash.update(chunk)
      if (file === undefined) chunks.push(Buffer.from(chunk))
      else writeAll(file, chunk)
      length += chunk.length
    },
    end() {
      ended = true
      const sha256 = hash.digest('hex')
      if (!isSha256(sha256)) throw new Error('sha256 is not 64 hex digits')
      return file === undefined ? inMemory(Buffer.concat(chunks), sha256) : inFile(file, length, sha256)
    },
    abandon() {
      if (!ended && file !== undefined) closeSync(file)
      ended = true
      chunks = []
    },
  }
}

/** Bytes that are in memory already. */
export function inMemory(bytes: Buffer, sha256: Sha256): SpooledBytes {
  let kept: Buffer | undefined = bytes
  const close = (): void => {
    kept = undefined
  }
  return {
    length: bytes.length,
    sha256,
    read(position, length) {
      if (kept === undefined) throw new Error('These bytes were closed')
      assertRange(position, length, bytes.length)
      return kept.subarray(position, position + length)
    },
    close,
    [Symbol.dispose]: close,
  }
}

function inFile(file: number, total: number, sha256: Sha256): SpooledBytes {
  let window = Buffer.allocUnsafe(65_536)
  let open = true
  const close = (): void => {
    if (open) closeSync(file)
    open = false
  }
  return {
    length: total,
    sha256,
    read(position, length) {
      if (!open) throw new Error('These bytes were closed')
      assertRange(position, length, total)
      if (window.length < length) window = Buffer.allocUnsafe(length)
      readAll(file, window.subarray(0, length), position)
      return window.subarray(0, length)
    },
    readInto(target, position) {
      if (!open) throw new Error('These bytes were closed')
      assertRange(position, target.length, total)
      readAll(file, target, position)
    },
    close,
    [Symbol.dispose]: close,
  }
}

function assertRange(position: number, length: number, total: number): void {
  if (position < 0 || length < 0 || position + length > total) throw new RangeError(`No ${length} bytes at ${position} of ${total}`)
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done, bytes.length - done)
}

function readAll(file: number, into: Uint8Array, position: number): void {
  for (let done = 0; done < into.length;) {
    const count = readSync(file, into, done, into.length - done, position + done)
    if (count === 0) throw new RangeError('The file is shorter than it was')
    done += count
  }
}
