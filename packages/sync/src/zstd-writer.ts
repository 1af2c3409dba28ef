import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { withoutEmptyFrame } from '@mirror/store'
import type { SpooledBytes } from '@mirror/repository-client'
import type { SpoolSpace } from './spool-space.ts'

/** Compresses on another thread while its caller goes on. Disposing of it gives up what was not ended. */
export interface ZstdWriter extends Disposable {
  /** Takes a copy of a chunk. */
  readonly write: (chunk: Uint8Array) => void
  /** Settles as soon as there is room for the next chunks; throws why there will be none. */
  readonly whenReady: () => Promise<void>
  /** The frame. Throws when `length` was not what came. */
  readonly end: () => Promise<SpooledBytes>
}

/** What `createZstdWriter` needs. */
export interface ZstdWriterOptions {
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
}

/** Conda-index uses 16: forty times the work for a sixth less (`docs/decisions/0004-one-document-and-its-variants.md`). */
const LEVEL = 3
const PIECE = 1 << 17
const PIECES = 6
const OUTPUT_CHUNK = 1 << 16

/**
 * Creates a writer of one frame for `length` bytes. The frame carries its content size: early clients crash without it (`channels.md` §3.4), and some stop after a first frame.
 */
export function createZstdWriter(length: number, { spool, signal }: ZstdWriterOptions): ZstdWriter {
  const target = spool.create()
  const compressor = createZstdCompress({
    pledgedSrcSize: length,
    chunkSize: OUTPUT_CHUNK,
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  const done = pipeline(compressor, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of withoutEmptyFrame(chunks)) target.write(chunk)
  }, { signal })
  // Awaited by whoever waits for room or for the end; until then a failure must not count as unhandled.
  done.catch(() => undefined)
  const pieces = createPieces((piece, giveBack) => compressor.write(piece, giveBack))
  return {
    write: pieces.write,
    whenReady: async () => pieces.areScarce() ? await Promise.race([pieces.whenBack(), done]) : undefined,
    async end() {
      pieces.flush()
      // Ended while a piece is under way, Node would finish the frame with that piece and add an empty one.
      await Promise.race([pieces.whenAllBack(), done])
      compressor.end()
      await done
      return target.end()
    },
    [Symbol.dispose]: () => void compressor.destroy(),
  }
}

interface Pieces {
  readonly write: (chunk: Uint8Array) => void
  readonly flush: () => void
  readonly areScarce: () => boolean
  readonly whenBack: () => Promise<void>
  readonly whenAllBack: () => Promise<void>
}

/** Collects chunks into pieces that are used again and again: buffers made anew for a whole document would be collected late, and fill the memory until then. */
function createPieces(send: (piece: Uint8Array, giveBack: () => void) => void): Pieces {
  const idle = Array.from({ length: PIECES }, () => Buffer.allocUnsafeSlow(PIECE))
  let piece = take()
  let used = 0
  let sentOnes = 0
  let wake: (() => void) | undefined
  let wakeAtEnd: (() => void) | undefined

  function take(): Buffer<ArrayBuffer> {
    return idle.pop() ?? Buffer.allocUnsafeSlow(PIECE)
  }

  function flush(): void {
    if (used === 0) return
    const sent = piece
    sentOnes += 1
    send(sent.subarray(0, used), () => {
      sentOnes -= 1
      idle.push(sent)
      if (sentOnes === 0) wakeAtEnd?.()
      if (!areScarce()) wake?.()
    })
    piece = take()
    used = 0
  }

  function areScarce(): boolean {
    return idle.length < PIECES / 2
  }

  return {
    flush,
    areScarce,
    write(chunk) {
      for (let done = 0; done < chunk.length;) {
        const part = chunk.subarray(done, done + PIECE - used)
        piece.set(part, used)
        used += part.length
        done += part.length
        if (used === PIECE) flush()
      }
    },
    whenBack: () => new Promise((resolve) => {
      wake = resolve
    }),
    whenAllBack: async () => sentOnes === 0 ? undefined : await new Promise((resolve) => {
      wakeAtEnd = resolve
    }),
  }
}
