// The parts of unbzip2-stream that it is made of; its own types know only the stream.
declare module 'unbzip2-stream/lib/bzip2.js' {
  /** Reads so many bits as a number; `null` aligns to the next byte. Throws a TypeError behind the last piece. */
  type Bits = (count: number | null) => number

  interface Engine {
    /** Reads the head of a stream: its block size, 1 to 9. */
    header: (bits: Bits) => number
    /** Reads a block, byte by byte into `put`; answers the checksum so far, and null at the end of the stream. */
    // oxlint-disable-next-line max-params -- it is not ours
    decompress: (bits: Bits, put: (byte: number) => void, buffer: Int32Array, size: number, checksum: number) => number | null
  }

  const engine: Engine
  export default engine
}

declare module 'unbzip2-stream/lib/bit_iterator.js' {
  interface CountingBits {
    (count: number | null): number
    bytesRead: number
  }

  /** Reads bits of the pieces that `next` gives. */
  export default function bitIterator(next: () => Uint8Array | undefined): CountingBits
}
