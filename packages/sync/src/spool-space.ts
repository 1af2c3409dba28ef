import { type ByteSource } from '@mirror/core'
import { createSpool, type SpooledBytes } from '@mirror/repository-client'

/** Bytes being kept until the space is closed. */
export interface SpaceWriter {
  /** Keeps a copy of a chunk. */
  readonly write: (chunk: Uint8Array) => void
  readonly end: () => SpooledBytes
}

/** Keeps bytes for one round of a run: small ones in memory, large ones in files without a name. Closing it gives all of it back. */
export interface SpoolSpace extends Disposable {
  readonly create: () => SpaceWriter
}

const MEMORY_LIMIT = 16 * 1024 * 1024
const CHUNK = 256 * 1024

/** Creates a space whose large content lies in `folder`, which must exist. */
export function createSpoolSpace(folder: string): SpoolSpace {
  const kept: Disposable[] = []
  return {
    create() {
      const spool = createSpool({ folder, memory: MEMORY_LIMIT })
      kept.push({ [Symbol.dispose]: () => spool.abandon() })
      return {
        write: spool.write,
        end() {
          const bytes = spool.end()
          kept.push(bytes)
          return bytes
        },
      }
    },
    [Symbol.dispose]() {
      for (const item of kept.splice(0)) item[Symbol.dispose]()
    },
  }
}

/** The bytes of a source, in order, in pieces of 256 KiB, each of which is valid until the next one is asked for: buffers made anew for a whole document would be collected late. */
export function* readChunks(source: ByteSource): Generator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, source.length))
  for (let position = 0; position < source.length; position += CHUNK) {
    const piece = buffer.subarray(0, Math.min(CHUNK, source.length - position))
    if (source.readInto === undefined) piece.set(source.read(position, piece.length))
    else source.readInto(piece, position)
    yield piece
  }
}

/** All bytes of a source at once, to be kept. */
export function readWhole(source: ByteSource): Buffer {
  return Buffer.from(source.read(0, source.length))
}
