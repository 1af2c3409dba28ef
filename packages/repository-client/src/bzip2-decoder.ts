import unbzip2 from 'unbzip2-stream'

/** Decodes bzip2 while it is written, every stream of it. */
export interface Bzip2Decoder {
  /** Decodes what a piece completes; keeps the rest, so the piece must not change. Gives what is wrong with the bytes; undefined as long as nothing is known to be. */
  readonly write: (piece: Uint8Array) => Error | undefined
  /** The same of the whole: undefined when it was whole and sound. */
  readonly end: () => Error | undefined
}

/**
 * Creates a decoder. `take` is called for each block while `write` works and stops it by throwing, because the decoder knows no back-pressure and a few bytes of bzip2 can be many MiB; what it
 * throws, `write` throws.
 */
export function createBzip2Decoder(take: (chunk: Uint8Array) => void): Bzip2Decoder {
  const decoder = unbzip2()
  let thrown: { readonly error: unknown } | undefined
  let fault: Error | undefined
  let bytes = 0
  let ended = false
  decoder.on('data', (chunk: Buffer) => {
    try {
      take(chunk)
    } catch (error) {
      thrown = { error }
      // Ends its loop.
      throw error
    }
  })
  decoder.on('error', (cause: unknown) => {
    fault ??= new Error('the bzip2 stream is damaged', { cause })
  })
  decoder.on('end', () => {
    ended = true
  })

  function run(step: () => void): Error | undefined {
    if (fault === undefined) step()
    if (thrown !== undefined) throw thrown.error
    return fault
  }

  return {
    write: (piece) => run(() => {
      bytes += piece.byteLength
      decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    }),
    end() {
      fault = run(() => { decoder.end() }) ?? (ended && bytes > 0 ? undefined : new Error('the bzip2 stream ends early'))
      return fault
    },
  }
}
