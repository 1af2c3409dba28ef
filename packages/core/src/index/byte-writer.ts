import type { SliceReader } from './slice-reader.ts'

const BUFFER = 1 << 16
/** Pieces of at least that are handed on as they are. */
const DIRECT = 1 << 15

/** Collects small pieces into chunks. */
export interface ByteWriter {
  readonly put: (bytes: Uint8Array, start: number, end: number) => void
  readonly putText: (text: string) => void
  /** Bytes of a document from `start` to `end`; a writer that only counts does not read them. */
  readonly putSlice: (reader: SliceReader, start: number, end: number) => void
  readonly flush: () => void
  /** How many chunks were handed on. */
  readonly chunks: () => number
}

/** Creates a writer that only counts; `bytes` tells how many it was given. */
export function createByteCounter(): ByteWriter & { readonly bytes: () => number } {
  let bytes = 0
  return {
    put(_, start, end) { bytes += end - start },
    putText(text) { bytes += Buffer.byteLength(text) },
    putSlice(_, start, end) { bytes += end - start },
    flush: () => undefined,
    chunks: () => 0,
    bytes: () => bytes,
  }
}

/** Creates a writer; a chunk is valid only while `write` runs. */
export function createByteWriter(write: (chunk: Uint8Array) => void): ByteWriter {
  const buffer = Buffer.allocUnsafeSlow(BUFFER)
  let used = 0
  let chunks = 0

  function hand(chunk: Uint8Array): void {
    write(chunk)
    chunks += 1
  }

  function flush(): void {
    if (used > 0) hand(buffer.subarray(0, used))
    used = 0
  }

  function put(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length <= 0) return
    if (used + length > BUFFER) flush()
    if (length >= DIRECT) {
      flush()
      hand(bytes.subarray(start, end))
      return
    }
    buffer.set(bytes.subarray(start, end), used)
    used += length
  }

  return {
    put,
    flush,
    chunks: () => chunks,
    putSlice(reader, start, end) {
      put(reader.slice(start, end), 0, end - start)
    },
    putText(text) {
      const bytes = Buffer.from(text)
      put(bytes, 0, bytes.length)
    },
  }
}
