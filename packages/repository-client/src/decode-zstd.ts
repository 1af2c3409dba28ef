import { once } from 'node:events'
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
  let failure: Error | undefined
  stream.on('error', (error) => {
    failure = error
  })

  function* available(): Generator<Uint8Array> {
    for (;;) {
      const chunk: unknown = stream.read()
      if (!(chunk instanceof Uint8Array)) return
      yield chunk
    }
  }

  async function* drain(isDone: () => boolean): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield* available()
      if (failure !== undefined) throw new BrokenEncoding('its zstd frame is damaged', { cause: failure })
      if (isDone()) return
      await Promise.race([once(stream, 'readable'), once(stream, 'drain'), once(stream, 'end')]).catch(() => undefined)
    }
  }

  async function* write(bytes: Uint8Array, ends: boolean): AsyncGenerator<Uint8Array> {
    let taken = false
    stream.write(bytes, () => {
      taken = true
      stream.emit('drain')
    })
    yield* drain(() => taken)
    if (!ends) return
    stream.end()
    yield* drain(() => stream.readableEnded)
  }

  return { write, close: () => void stream.destroy() }
}
