import { createHash, randomUUID } from 'node:crypto'
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type ByteSource, isSha256, type Sha256 } from '@mirror/core'

/** Bytes that were written once and can be read any number of times: in memory while small, in a file when not. */
export interface Spooled {
  readonly source: ByteSource
  readonly sha256: Sha256
  /** Bytes. */
  readonly size: number
  /** All of it, in pieces that the consumer may keep. */
  readonly chunks: () => Iterable<Uint8Array>
}

/** Takes bytes and gives them back. Closing it ends every `Spooled` made from it. */
export interface SpoolWriter {
  readonly write: (chunk: Uint8Array) => void
  readonly finish: () => Spooled
}

/** Makes spools in one folder, and removes their files when it is closed. */
export interface SpoolSpace extends Disposable {
  readonly create: () => SpoolWriter
}

const MEMORY_LIMIT = 16 * 1024 * 1024
const CHUNK = 256 * 1024

/** Creates a space in `folder`, which must exist. Files are named at random and readable by the owner alone. */
export function createSpoolSpace(folder: string): SpoolSpace {
  const files: { readonly path: string; readonly descriptor: number }[] = []

  function openFile(): number {
    const path = join(folder, `${randomUUID()}.spool`)
    const descriptor = openSync(path, 'wx+', 0o600)
    files.push({ path, descriptor })
    return descriptor
  }

  return {
    create: () => createWriter(openFile),
    [Symbol.dispose]() {
      for (const { path, descriptor } of files.splice(0)) {
        closeSync(descriptor)
        rmSync(path, { force: true })
      }
    },
  }
}

function createWriter(openFile: () => number): SpoolWriter {
  const hash = createHash('sha256')
  let pieces: Uint8Array[] = []
  let descriptor: number | undefined
  let size = 0

  function spill(): void {
    descriptor ??= openFile()
    for (const piece of pieces) writeWhole(descriptor, piece)
    pieces = []
  }

  return {
    write(chunk) {
      hash.update(chunk)
      size += chunk.byteLength
      pieces.push(Uint8Array.prototype.slice.call(chunk))
      if (descriptor !== undefined || size > MEMORY_LIMIT) spill()
    },
    finish() {
      const sha256 = hash.digest('hex')
      if (!isSha256(sha256)) throw new Error('sha256 is not 64 hex digits')
      const source = descriptor === undefined ? bufferSource(Buffer.concat(pieces)) : fileSource(descriptor, size)
      pieces = []
      return { source, sha256, size, chunks: () => readChunks(source) }
    },
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  let written = 0
  while (written < bytes.byteLength) written += writeSync(descriptor, bytes, written, bytes.byteLength - written)
}

function bufferSource(bytes: Buffer): ByteSource {
  return { length: bytes.byteLength, read: (position, length) => bytes.subarray(position, position + length) }
}

function fileSource(descriptor: number, size: number): ByteSource {
  return {
    length: size,
    read(position, length) {
      const bytes = Buffer.allocUnsafe(length)
      let have = 0
      while (have < length) {
        const count = readSync(descriptor, bytes, have, length - have, position + have)
        if (count === 0) throw new RangeError(`A spool of ${size} bytes ends at ${position + have}`)
        have += count
      }
      return bytes
    },
  }
}

/** The bytes of a source, in order, in pieces of 256 KiB that the consumer may keep. */
export function* readChunks(source: ByteSource): Generator<Uint8Array> {
  for (let position = 0; position < source.length; position += CHUNK) {
    yield Uint8Array.prototype.slice.call(source.read(position, Math.min(CHUNK, source.length - position)))
  }
}
