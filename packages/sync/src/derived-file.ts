import type { ByteSource, Sha256 } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { SpooledBytes } from '@mirror/repository-client'
import { readChunks } from './spool-space.ts'
import { createZstdWriter, type ZstdWriterOptions } from './zstd-writer.ts'

/** A file that can be put: what it is, and its bytes, as often as they are asked for. */
export interface DerivedFile {
  readonly file: PublishedFile
  readonly chunks: () => Iterable<Uint8Array>
}

/** Bytes that are kept, and what they are. */
export interface HeldBytes extends ByteSource {
  readonly sha256: Sha256
}

/** A file of kept bytes. */
export function spooledFile(path: string, source: HeldBytes): DerivedFile {
  return { file: { path, sha256: source.sha256, size: source.length }, chunks: () => readChunks(source) }
}

/** Compresses bytes that are kept, as `createZstdWriter` does. */
export async function compressZstd(source: ByteSource, options: ZstdWriterOptions): Promise<SpooledBytes> {
  using compressor = createZstdWriter(source.length, options)
  for (const chunk of readChunks(source)) {
    compressor.write(chunk)
    await compressor.whenReady()
  }
  return await compressor.end()
}
