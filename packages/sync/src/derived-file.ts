import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import type { ByteSource, Sha256 } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { SpooledBytes } from '@mirror/repository-client'
import { readChunks, type SpoolSpace } from './spool-space.ts'

/** A file that can be put: what it is, and its bytes, as often as they are asked for. */
export interface DerivedFile {
  readonly file: PublishedFile
  readonly chunks: () => Iterable<Uint8Array>
}

/** Conda-index uses 16: forty times the work for a sixth less (`docs/decisions/0004-one-document-and-its-variants.md`). */
const ZSTD_LEVEL = 3

/** A file of kept bytes. */
export function spooledFile(path: string, source: ByteSource & { readonly sha256: Sha256 }): DerivedFile {
  return { file: { path, sha256: source.sha256, size: source.length }, chunks: () => readChunks(source) }
}

/** One frame that carries its content size: early clients crash without it (`channels.md` §3.4), and some stop after a first frame. */
export async function compressZstd(source: ByteSource, { spool, signal }: { readonly spool: SpoolSpace; readonly signal: AbortSignal }): Promise<SpooledBytes> {
  const writer = spool.create()
  const compressor = createZstdCompress({
    pledgedSrcSize: source.length,
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  await pipeline(readChunks(source), compressor, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) writer.write(chunk)
  }, { signal })
  return writer.end()
}
