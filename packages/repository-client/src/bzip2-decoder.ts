// Whoever checks this file from another package does not see our ambient declarations otherwise.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./unbzip2-parts.d.ts" />
import bitIterator from 'unbzip2-stream/lib/bit_iterator.js'
import engine from 'unbzip2-stream/lib/bzip2.js'

/** Decodes bzip2 while it is written, every stream of it. */
export interface Bzip2Decoder {
  /** Decodes what a piece completes; keeps the rest, so the piece must not change. Gives what is wrong with the bytes; undefined as long as nothing is known to be. */
  readonly write: (piece: Uint8Array) => Error | undefined
  /** The same of the whole: undefined when it was whole and sound. */
  readonly end: () => Error | undefined
}

/** So much is handed over at once. */
const OUTPUT = 65_536
const BLOCK = 100_000
/** Compressed, a block takes no more than it holds and this. */
const OVERHEAD = 25_000

/**
 * Creates a decoder. `take` is called while `write` works, with pieces of at most 64 KiB, and stops it by throwing, because the decoder knows no back-pressure and a few bytes of bzip2 can be many MiB; what it
 * throws, `write` throws. It is called before the checksum of a block is known: what `end` says is about all of it.
 *
 * The decoder is that of unbzip2-stream without the stream, which collects each block in an array of numbers: of a hostile kilobyte, 47 million of them.
 */
export function createBzip2Decoder(take: (chunk: Uint8Array) => void): Bzip2Decoder {
  const output = createOutput(take)
  const blocks = createBlocks(output.put)
  let fault: Error | undefined

  /** Carries out steps as long as there is enough for one. */
  function run(isEnough: () => boolean): Error | undefined {
    if (fault !== undefined) return fault
    try {
      while (isEnough()) {
        blocks.step()
        output.flush()
      }
    } catch (cause) {
      if (output.thrown !== undefined) throw output.thrown.error
      fault = new Error('the bzip2 stream is damaged', { cause })
    }
    return fault
  }

  return {
    write(piece) {
      blocks.add(piece)
      return run(() => blocks.left() >= blocks.wanted())
    },
    end() {
      fault = run(() => blocks.left() > 0) ?? (blocks.isWhole() ? undefined : new Error('the bzip2 stream ends early'))
      return fault
    },
  }
}

interface Output {
  readonly put: (byte: number) => void
  readonly flush: () => void
  /** What `take` threw. */
  thrown: { readonly error: unknown } | undefined
}

function createOutput(take: (chunk: Uint8Array) => void): Output {
  let buffer = Buffer.allocUnsafeSlow(OUTPUT)
  let length = 0
  const output: Output = {
    thrown: undefined,
    put(byte) {
      buffer[length] = byte
      length += 1
      if (length === OUTPUT) output.flush()
    },
    flush() {
      if (length === 0) return
      const piece = buffer.subarray(0, length)
      // Whoever takes it may keep it.
      buffer = Buffer.allocUnsafeSlow(OUTPUT)
      length = 0
      try {
        take(piece)
      } catch (error) {
        output.thrown = { error }
        throw error
      }
    },
  }
  return output
}

interface Blocks {
  readonly add: (piece: Uint8Array) => void
  /** Bytes that are there and not read. */
  readonly left: () => number
  /** So many bytes hold the next step for sure. */
  readonly wanted: () => number
  /** Reads the head of a stream, a block, or the end of a stream. */
  readonly step: () => void
  /** Whether it ended where a stream ended, after at least one byte. */
  readonly isWhole: () => boolean
}

function createBlocks(put: (byte: number) => void): Blocks {
  // It keeps what it knows of a stream in itself.
  const own: typeof engine = Object.create(engine)
  const pieces: Uint8Array[] = []
  let bits: ReturnType<typeof bitIterator> | undefined
  let written = 0
  let level = 0
  let checksum: number | null = null
  let buffer = new Int32Array()
  return {
    add(piece) {
      if (piece.byteLength === 0) return
      written += piece.byteLength
      pieces.push(piece)
      // It wants its first piece at once.
      bits ??= bitIterator(() => pieces.shift())
    },
    left: () => written - (bits?.bytesRead ?? 0),
    wanted: () => OVERHEAD + BLOCK * level,
    step() {
      if (bits === undefined) return
      if (checksum === null) {
        level = own.header(bits)
        checksum = 0
        if (buffer.length < BLOCK * level) buffer = new Int32Array(BLOCK * level)
        return
      }
      checksum = own.decompress(bits, put, buffer, BLOCK * level, checksum)
      if (checksum === null) level = 0
    },
    isWhole: () => checksum === null && written > 0,
  }
}
