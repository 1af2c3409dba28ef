import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { createIndexTableBuilder, type IndexTable, type SubdirName } from '@mirror/core'
import { decodeBzip2 } from './decode-bzip2.ts'
import { decodeZstd } from './decode-zstd.ts'
import { createSpool, type Spool, type SpooledBytes, type SpoolOptions } from './spool.ts'
import { BodyTooLarge } from './transport.ts'
import type { WholeVariant } from './variants.ts'
import { BrokenEncoding, createFrameSplitter } from './zstd-frames.ts'

/** An index that was decoded and read whole. */
export interface DecodedIndex {
  readonly document: SpooledBytes
  readonly table: IndexTable
  /** The compressed body as it came; undefined for `json`, and for zstd of several frames, which not every client reads to the end. */
  readonly encoded: SpooledBytes | undefined
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
  const document = createSpool(options.spool)
  const encoded = createSpool(options.spool)
  const builder = createIndexTableBuilder(subdir)

  function take(chunk: Uint8Array): void {
    if (document.length + chunk.length > maximumBytes) throw new BodyTooLarge()
    document.write(chunk)
    builder.write(chunk)
  }

  try {
    const frames = await decode(variant === 'json' ? body : keep(body, encoded, maximumBytes), { variant, gzip, take })
    const table = builder.end()
    return { table, document: document.end(), encoded: variant === 'bz2' || frames === 1 ? encoded.end() : undefined }
  } finally {
    // What was ended stays.
    document.abandon()
    encoded.abandon()
  }
}

async function* keep(body: AsyncIterable<Uint8Array>, spool: Spool, maximum: number): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    if (spool.length + chunk.length > maximum) throw new BodyTooLarge()
    spool.write(chunk)
    yield chunk
  }
}

interface DecodeOptions {
  readonly variant: WholeVariant
  readonly gzip: boolean
  readonly take: (chunk: Uint8Array) => void
}

/** Gives how many frames of zstd it was: of several, decoders that stop behind the first read another document than those that go on. */
async function decode(body: AsyncIterable<Uint8Array>, { variant, gzip, take }: DecodeOptions): Promise<number> {
  const splitter = createFrameSplitter()
  if (variant === 'bz2') await decodeBzip2(body, take)
  else for await (const chunk of variant === 'zst' ? decodeZstd(body, splitter) : gzip ? decodeGzip(body) : body) take(chunk)
  return splitter.frames()
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
