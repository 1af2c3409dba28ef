import unbzip2 from 'unbzip2-stream'
import { BrokenEncoding } from './zstd-frames.ts'

/**
 * Decodes bzip2, every stream of it. Throws `BrokenEncoding` for damaged, truncated or followed bytes. `take` is called for each block while it decodes and stops it by throwing, because
 * the decoder knows no back-pressure and a few bytes of bzip2 can be many MiB.
 */
export async function decodeBzip2(source: AsyncIterable<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  const decoder = unbzip2()
  let failure: { readonly error: unknown } | undefined
  let ended = false
  decoder.on('data', (chunk: Buffer) => {
    try {
      take(chunk)
    } catch (error) {
      failure = { error }
      // Ends its loop.
      throw error
    }
  })
  decoder.on('error', (cause: unknown) => {
    failure ??= { error: new BrokenEncoding('its bzip2 stream is damaged or cut short', { cause }) }
  })
  decoder.on('end', () => {
    ended = true
  })
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.length
    decoder.write(Buffer.from(chunk))
    if (failure !== undefined) throw failure.error
  }
  decoder.end()
  if (failure !== undefined) throw failure.error
  if (!ended || bytes === 0) throw new BrokenEncoding('its bzip2 stream is cut short')
}
