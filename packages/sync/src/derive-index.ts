import { createHash } from 'node:crypto'
import { type ArtifactSet, type ByteSource, createIndexTableBuilder, type IndexPart, type IndexTable, isSha256, measureIndex, type Sha256, type SubdirName, writeIndexInSteps, writeShardsInSteps } from '@mirror/core'
import type { PublishedFile, SubdirState } from '@mirror/delta'
import { compressBzip2 } from './bzip2.ts'
import { compressZstd, type DerivedFile, type HeldBytes, spooledFile } from './derived-file.ts'
import type { VariantChoice } from './options.ts'
import { runSteps } from './run-steps.ts'
import { readChunks, readWhole, type SpoolSpace } from './spool-space.ts'
import { createZstdWriter } from './zstd-writer.ts'

/** The index of one subdir as it will be published, with the bytes of every file of it. */
export interface DerivedIndex {
  readonly state: SubdirState
  /** What it lists. */
  readonly artifacts: ArtifactSet
  /** The document and the variants, shard index included. */
  readonly files: readonly DerivedFile[]
  readonly shards: readonly DerivedFile[]
}

/** An index whose bytes are published as they are. */
export interface OriginalIndex {
  readonly source: ByteSource
  readonly table: IndexTable
  readonly sha256: Sha256
  /** Compressed forms of exactly this document, where we have them. */
  readonly zst: HeldBytes | undefined
  readonly bz2: HeldBytes | undefined
}

/** What deriving needs. */
export interface DeriveIndexOptions {
  readonly subdir: SubdirName
  readonly variants: VariantChoice
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
}

/**
 * Writes a document from slices of others; with `dropBaseUrl` it loses `info.base_url`, because here the artifacts lie beside it. It is compressed in passing where its length is known
 * without reading anything: a frame begins with it.
 */
export async function composeIndex(parts: readonly IndexPart[], dropBaseUrl: boolean, { spool, subdir, variants, signal }: DeriveIndexOptions): Promise<OriginalIndex> {
  const index = { parts, ...(dropBaseUrl ? { info: { base_url: undefined } } : {}) }
  const writer = spool.create()
  // Read back while it is written: what is published has passed the same reader as what came in.
  const reader = createIndexTableBuilder(subdir)
  const isMeasurable = parts.length === 1 && parts[0]?.table.canonical === true
  using compressor = variants.zst && isMeasurable ? createZstdWriter(measureIndex(index), { spool, signal }) : undefined
  const steps = writeIndexInSteps({
    ...index,
    write: (chunk) => {
      compressor?.write(chunk)
      writer.write(chunk)
      reader.write(chunk)
    },
  })
  await runSteps(steps, { signal, ready: compressor?.whenReady })
  const zst = await compressor?.end()
  const source = writer.end()
  return { source, table: reader.end(), sha256: source.sha256, zst, bz2: undefined }
}

/** Makes every file that publishes a document: itself, byte for byte, and the variants that are wanted. */
export async function deriveIndex(original: OriginalIndex, options: DeriveIndexOptions): Promise<DerivedIndex> {
  const { subdir, variants } = options
  const document = { file: { path: `${subdir}/repodata.json`, sha256: original.sha256, size: original.source.length }, chunks: () => readChunks(original.source) }
  const { index, shards } = variants.shards ? await deriveShards(original, options) : { index: [], shards: [] }
  const files = [...index, ...await deriveZst(original, options), ...await deriveBzip2(original, options)]
  const artifacts = original.table.artifacts()
  return {
    state: { subdir, document: document.file, variants: files.map(({ file }) => file), artifacts: { count: artifacts.count, bytes: artifacts.bytes } },
    artifacts,
    files: [document, ...files],
    shards,
  }
}

function heldFile(path: string, bytes: Uint8Array): DerivedFile {
  return { file: { path, sha256: sha256Of(bytes), size: bytes.byteLength }, chunks: () => [bytes] }
}

async function deriveZst({ source, zst }: OriginalIndex, { subdir, variants, spool, signal }: DeriveIndexOptions): Promise<readonly DerivedFile[]> {
  if (!variants.zst) return []
  const path = `${subdir}/repodata.json.zst`
  return [spooledFile(path, zst ?? await compressZstd(source, { spool, signal }))]
}

async function deriveBzip2({ source, bz2 }: OriginalIndex, { subdir, variants }: DeriveIndexOptions): Promise<readonly DerivedFile[]> {
  const path = `${subdir}/repodata.json.bz2`
  if (variants.bz2 === false) return []
  if (bz2 !== undefined) return [spooledFile(path, bz2)]
  return variants.bz2 === true ? [heldFile(path, await compressBzip2(readWhole(source)))] : []
}

/** All shards of a subdir lie in one spool, one after the other. */
async function deriveShards({ source, table }: OriginalIndex, { subdir, spool, signal }: DeriveIndexOptions): Promise<{ readonly index: readonly DerivedFile[]; readonly shards: readonly DerivedFile[] }> {
  const writer = spool.create()
  const places: { readonly file: PublishedFile; readonly position: number }[] = []
  let position = 0
  const steps = writeShardsInSteps({
    subdir,
    source,
    table,
    shard: ({ fileName, sha256, bytes }) => {
      writer.write(bytes)
      places.push({ file: { path: `${subdir}/shards/${fileName}`, sha256, size: bytes.byteLength }, position })
      position += bytes.byteLength
    },
  })
  const index = await runSteps(steps, { signal })
  const all = writer.end()
  const shards = places.map((place) => ({ file: place.file, chunks: () => [Buffer.from(all.read(place.position, place.file.size))] }))
  return { index: [heldFile(`${subdir}/repodata_shards.msgpack.zst`, index)], shards }
}

/** sha256 of some bytes. */
export function sha256Of(bytes: Uint8Array): Sha256 {
  const hex = createHash('sha256').update(bytes).digest('hex')
  if (isSha256(hex)) return hex
  throw new Error('sha256 is not 64 hex digits')
}
