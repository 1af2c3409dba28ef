import { constants, createZstdDecompress, type ZstdDecompress } from 'node:zlib'
import { BrokenEncoding, createFrameSplitter } from './zstd-frames.ts'

/** Windows up to this are decoded; zstd's own limit without `--long` (RFC 8878 §3.1.1.1.2 recommends at least 8 MiB). */
const MAXIMUM_WINDOW = 134_217_728
const OUTPUT_CHUNK = 262_144

/** Decodes zstd, every frame of it. Throws `BrokenEncoding` for damaged, truncated or followed bytes. Yields while it reads, so cap what comes out. */
export async function* decodeZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const splitter = createFrameSplitter(MAXIMUM_WINDOW)
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
  const stream: ZstdDecompress = createZstdDecompress({ chunkSize: OUTPUT_CHUNK, params: { [constants.ZSTD_d_windowLogMax]: 27 } })
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
