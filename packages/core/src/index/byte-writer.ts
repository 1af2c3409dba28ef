const BUFFER = 1 << 18
/** Pieces of at least that are handed on as they are. */
const DIRECT = 1 << 16

/** Collects small pieces into chunks. */
export interface ByteWriter {
  readonly put: (bytes: Uint8Array, start: number, end: number) => void
  readonly putText: (text: string) => void
  readonly flush: () => void
}

/** Creates a writer; a chunk is valid only while `write` runs. */
export function createByteWriter(write: (chunk: Uint8Array) => void): ByteWriter {
  const buffer = Buffer.allocUnsafeSlow(BUFFER)
  let used = 0

  function flush(): void {
    if (used > 0) write(buffer.subarray(0, used))
    used = 0
  }

  function put(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start
    if (length <= 0) return
    if (used + length > BUFFER) flush()
    if (length >= DIRECT) {
      flush()
      write(bytes.subarray(start, end))
      return
    }
    buffer.set(bytes.subarray(start, end), used)
    used += length
  }

  return {
    put,
    flush,
    putText(text) {
      const bytes = Buffer.from(text)
      put(bytes, 0, bytes.length)
    },
  }
}
