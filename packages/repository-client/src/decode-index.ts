import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { createIndexTableBuilder, type IndexTable, type SubdirName } from '@mirror/core'
import { decodeBzip2 } from './decode-bzip2.ts'
import { decodeZstd } from './decode-zstd.ts'
import { createSpool, type SpooledBytes, type SpoolOptions } from './spool.ts'
import { BodyTooLarge } from './transport.ts'
import type { WholeVariant } from './variants.ts'
import { BrokenEncoding, isOneFrame } from './zstd-frames.ts'

/** An index that was decoded and read whole. */
export interface DecodedIndex {
  readonly document: SpooledBytes
  readonly table: IndexTable
  /** The compressed body as it came; undefined for `json`, and for zstd of several frames, which not every client reads to the end. */
  readonly encoded: Uint8Array | undefined
}

/** What `decodeIndex` needs beside the bytes. */
export interface DecodeIndexOptions {
  readonly subdir: SubdirName
  readonly variant: WholeVariant
  /** The body is gzip: only for `json`, where the server compressed on the way. */
  readonly gzip: boolean
  /** A document, or a compressed body, with more bytes is refused with `BodyTooLarge`. */
  readonly maximumBytes: number
  readonly spool: SpoolOptions
}

/**
 * Decodes one body, keeps the document and reads it into a table while it passes. Accepts it only whole: throws `BrokenEncoding` for damaged compression, `BodyTooLarge` for a bomb,
 * and what the table builder of `@mirror/core` throws (`INDEX_MALFORMED`, `INDEX_IMPLAUSIBLE`, `NAME_UNSAFE`). Keeps nothing then.
 */
export async function decodeIndex(body: AsyncIterable<Uint8Array>, options: DecodeIndexOptions): Promise<DecodedIndex> {
  const { subdir, variant, gzip, maximumBytes } = options
  const spool = createSpool(options.spool)
  const encoded: Uint8Array[] = []
  const builder = createIndexTableBuilder(subdir)

  function take(chunk: Uint8Array): void {
    if (spool.length + chunk.length > maximumBytes) throw new BodyTooLarge()
    spool.write(chunk)
    builder.write(chunk)
  }

  try {
    await decode(variant === 'json' ? body : keep(body, encoded, maximumBytes), { variant, gzip, take })
    const table = builder.end()
    return { document: spool.end(), table, encoded: keepable(variant, encoded) }
  } catch (error) {
    spool.abandon()
    throw error
  }
}

function keepable(variant: WholeVariant, chunks: readonly Uint8Array[]): Uint8Array | undefined {
  const bytes = variant === 'json' ? undefined : Buffer.concat(chunks)
  return variant === 'zst' && bytes !== undefined && !isOneFrame(bytes) ? undefined : bytes
}

async function* keep(body: AsyncIterable<Uint8Array>, chunks: Uint8Array[], maximum: number): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > maximum) throw new BodyTooLarge()
    chunks.push(chunk)
    yield chunk
  }
}

interface DecodeOptions {
  readonly variant: WholeVariant
  readonly gzip: boolean
  readonly take: (chunk: Uint8Array) => void
}

async function decode(body: AsyncIterable<Uint8Array>, { variant, gzip, take }: DecodeOptions): Promise<void> {
  if (variant === 'bz2') return await decodeBzip2(body, take)
  const chunks = variant === 'zst' ? decodeZstd(body) : gzip ? decodeGzip(body) : body
  for await (const chunk of chunks) take(chunk)
}

async function* decodeGzip(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = createGunzip()
  const feeding = pipeline(body, decoder)
  // Awaited below; until then a failure must not count as unhandled.
  feeding.catch(() => undefined)
  try {
    for await (const chunk of decoder) {
      if (chunk instanceof Uint8Array) yield chunk
    }
  } catch (error) {
    // The body's own failure is the reason, if there is one.
    await feeding.catch(throwAsBroken)
    throwAsBroken(error)
  }
  await feeding
}

function throwAsBroken(error: unknown): never {
  if (isZlibError(error)) throw new BrokenEncoding('its gzip body is damaged or cut short', { cause: error })
  throw error
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && error.code.startsWith('Z_')
}
