import { constants, createZstdDecompress, type ZstdDecompress } from 'node:zlib'
import { BrokenEncoding, createFrameSplitter, type FrameSplitter } from './zstd-frames.ts'

/** Large chunks, and one in stock: the thread that decodes and the one that reads wait less for each other (a tenth of the time of a large index). */
const OUTPUT_CHUNK = 1_048_576
const DECODING = { chunkSize: OUTPUT_CHUNK, highWaterMark: 2 * OUTPUT_CHUNK, params: { [constants.ZSTD_d_windowLogMax]: 27 } }

/**
 * Decodes zstd, every frame of it; `splitter` has counted them afterwards. Throws `BrokenEncoding` for damaged, truncated or followed bytes. Yields while it reads, so cap what comes
 * out.
 */
export async function* decodeZstd(source: AsyncIterable<Uint8Array>, splitter: FrameSplitter = createFrameSplitter()): AsyncGenerator<Uint8Array> {
  let decoder: FrameDecoder | undefined
  try {
    for await (const chunk of source) {
      for (const { bytes, ends } of splitter.split(chunk)) {
        decoder ??= createFrameDecoder()
        yield* decoder.write(bytes, ends)
        decoder = ends ? undefined : decoder
      }
    }
    splitter.end()
  } finally {
    decoder?.close()
  }
}

interface FrameDecoder {
  /** `ends`: with these bytes the frame is whole. */
  readonly write: (bytes: Uint8Array, ends: boolean) => AsyncGenerator<Uint8Array>
  readonly close: () => void
}

/** One frame through one decoder of Node, in step: what it gives for some bytes comes before the next ones go in. */
function createFrameDecoder(): FrameDecoder {
  const stream: ZstdDecompress = createZstdDecompress(DECODING)
  const state: DecoderState = { taken: true, ended: false, failure: undefined, wake: undefined }
  const wake = (): void => state.wake?.()
  stream.on('readable', wake)
  stream.on('end', () => {
    state.ended = true
    wake()
  })
  stream.on('error', (error) => {
    state.failure = error
    wake()
  })

  async function* write(bytes: Uint8Array, ends: boolean): AsyncGenerator<Uint8Array> {
    state.taken = false
    stream.write(bytes, () => {
      state.taken = true
      wake()
    })
    yield* drain(stream, state, () => state.taken)
    if (!ends) return
    stream.end()
    yield* drain(stream, state, () => state.ended)
  }

  return { write, close: () => void stream.destroy() }
}

interface DecoderState {
  /** The bytes of the last write went in. */
  taken: boolean
  ended: boolean
  failure: Error | undefined
  wake: (() => void) | undefined
}

async function* drain(stream: ZstdDecompress, state: DecoderState, isDone: () => boolean): AsyncGenerator<Uint8Array> {
  for (;;) {
    const chunk: unknown = stream.read()
    if (state.failure !== undefined) throw new BrokenEncoding('its zstd frame is damaged', { cause: state.failure })
    if (chunk instanceof Uint8Array) yield chunk
    else if (isDone()) return
    else {
      await new Promise<void>((resolve) => {
        state.wake = resolve
      })
      state.wake = undefined
    }
  }
}
