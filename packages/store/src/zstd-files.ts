import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress, createZstdDecompress, zstdDecompressSync } from 'node:zlib'
import type { PublishedFile } from '@mirror/delta'
import { withoutEmptyFrame } from './zstd-frame.ts'

/** True when the file, decompressed, is exactly these bytes. Reads no more than their size and a little. */
export async function decodesTo(path: string, { sha256, size }: Pick<PublishedFile, 'sha256' | 'size'>): Promise<boolean> {
  const sum = createHash('sha256')
  let length = 0
  try {
    for await (const piece of decodePieces(path)) {
      length += piece.length
      if (length > size) return false
      sum.update(piece)
    }
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw error
    return false
  }
  return length === size && sum.digest('hex') === sha256
}

/** The decompressed bytes of a file of one zstd frame. */
export function decodePieces(path: string): AsyncGenerator<Uint8Array> {
  return throughZlib(path, createZstdDecompress())
}

/** A file's bytes as one zstd frame, at the level that costs little. */
export function encodePieces(path: string): AsyncGenerator<Uint8Array> {
  return withoutEmptyFrame(throughZlib(path, createZstdCompress()))
}

/** Decompresses bytes in memory. */
export function decodeWhole(bytes: Uint8Array): Buffer {
  return zstdDecompressSync(bytes)
}

async function* throughZlib(path: string, transform: NodeJS.ReadWriteStream & AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  const stop = new AbortController()
  const joined = pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), transform, { signal: stop.signal })
  // Its failure is also that of the iteration below, which reports it.
  joined.catch(() => undefined)
  try {
    for await (const piece of transform) if (piece instanceof Uint8Array) yield piece
    await joined
  } finally {
    stop.abort()
  }
}
