import type { ByteSource } from './index-types.ts'

/** Bytes in memory as a source. The bytes are not copied. */
export function createBufferSource(bytes: Uint8Array): ByteSource {
  return {
    length: bytes.length,
    read(position, length) {
      if (position < 0 || length < 0 || position + length > bytes.length) throw new RangeError(`No ${length} bytes at ${position} of ${bytes.length}`)
      return bytes.subarray(position, position + length)
    },
  }
}

/** Copies bytes of a source into `target`, all of it, by the shortest way that the source offers. */
export function readInto(source: ByteSource, target: Uint8Array, position: number): void {
  if (source.readInto === undefined) target.set(source.read(position, target.length))
  else source.readInto(target, position)
}

/** A source as it is, or bytes made one. */
export function toByteSource(source: ByteSource | Uint8Array): ByteSource {
  return source instanceof Uint8Array ? createBufferSource(source) : source
}
