import { createBzip2Decoder } from './bzip2-decoder.ts'
import { BrokenEncoding } from './zstd-frames.ts'

/** Decodes bzip2, every stream of it, a block at a time to `take`. Throws `BrokenEncoding` for damaged, truncated or followed bytes, and what `take` throws. */
export async function decodeBzip2(source: AsyncIterable<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  const decoder = createBzip2Decoder(take)
  for await (const chunk of source) refuse(decoder.write(Buffer.from(chunk)))
  refuse(decoder.end())
}

function refuse(cause: Error | undefined): void {
  if (cause !== undefined) throw new BrokenEncoding('its bzip2 stream is damaged or cut short', { cause })
}
