import { createHash } from 'node:crypto'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { type ByteSource, createIndexTableBuilder, type IndexPart, type IndexTable, isSha256, type Sha256, type SubdirName, writeIndex, writeShards } from '@mirror/core'
import type { PublishedFile, SubdirState } from '@mirror/delta'
import { compressBzip2 } from './bzip2.ts'
import type { VariantChoice } from './options.ts'
import { readChunks, type SpoolSpace } from './spool-space.ts'

/** A file that can be put: what it is, and its bytes, as often as they are asked for. */
export interface DerivedFile {
  readonly file: PublishedFile
  readonly chunks: () => Iterable<Uint8Array>
}

/** The index of one subdir as it will be published, with the bytes of every file of it. */
export interface DerivedIndex {
  readonly state: SubdirState
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
  readonly zst: Uint8Array | undefined
  readonly bz2: Uint8Array | undefined
}

/** What deriving needs. */
export interface DeriveIndexOptions {
  readonly subdir: SubdirName
  readonly variants: VariantChoice
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
}

/** Conda-index uses 16: forty times the work for a sixth less (`docs/decisions/0004-one-document-and-its-variants.md`). */
const ZSTD_LEVEL = 3

/** Writes a document from slices of others; with `dropBaseUrl` it loses `info.base_url`, because here the artifacts lie beside it. */
export function composeIndex(parts: readonly IndexPart[], dropBaseUrl: boolean, { spool, subdir }: DeriveIndexOptions): OriginalIndex {
  const writer = spool.create()
  // Read back while it is written: what is published has passed the same reader as what came in.
  const reader = createIndexTableBuilder(subdir)
  writeIndex({
    parts,
    ...(dropBaseUrl ? { info: { base_url: undefined } } : {}),
    write: (chunk) => {
      writer.write(chunk)
      reader.write(chunk)
    },
  })
  const source = writer.end()
  return { source, table: reader.end(), sha256: source.sha256, zst: undefined, bz2: undefined }
}

/** Makes every file that publishes a document: itself, byte for byte, and the variants that are wanted. */
export async function deriveIndex(original: OriginalIndex, options: DeriveIndexOptions): Promise<DerivedIndex> {
  const { subdir, variants } = options
  const document = { file: { path: `${subdir}/repodata.json`, sha256: original.sha256, size: original.source.length }, chunks: () => readChunks(original.source) }
  const { index, shards } = variants.shards ? deriveShards(original, options) : { index: [], shards: [] }
  const files = [...index, ...await deriveZst(original, options), ...await deriveBzip2(original, options)]
  const { count, bytes } = original.table.artifacts()
  return {
    state: { subdir, document: document.file, variants: files.map(({ file }) => file), artifacts: { count, bytes } },
    files: [document, ...files],
    shards,
  }
}

function spooledFile(path: string, source: ByteSource & { readonly sha256: Sha256 }): DerivedFile {
  return { file: { path, sha256: source.sha256, size: source.length }, chunks: () => readChunks(source) }
}

function heldFile(path: string, bytes: Uint8Array): DerivedFile {
  return { file: { path, sha256: sha256Of(bytes), size: bytes.byteLength }, chunks: () => [bytes] }
}

/** One frame that carries its content size: early clients crash without it (`channels.md` §3.4), and some stop after a first frame. */
async function deriveZst({ source, zst }: OriginalIndex, { subdir, variants, spool, signal }: DeriveIndexOptions): Promise<readonly DerivedFile[]> {
  if (!variants.zst) return []
  const path = `${subdir}/repodata.json.zst`
  if (zst !== undefined) return [heldFile(path, zst)]
  const writer = spool.create()
  const compressor = createZstdCompress({
    pledgedSrcSize: source.length,
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  await pipeline(readChunks(source), compressor, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) writer.write(chunk)
  }, { signal })
  return [spooledFile(path, writer.end())]
}

async function deriveBzip2({ source, bz2 }: OriginalIndex, { subdir, variants }: DeriveIndexOptions): Promise<readonly DerivedFile[]> {
  const path = `${subdir}/repodata.json.bz2`
  if (variants.bz2 === false) return []
  if (bz2 !== undefined) return [heldFile(path, bz2)]
  return variants.bz2 === true ? [heldFile(path, await compressBzip2(Buffer.concat([...readChunks(source)])))] : []
}

/** All shards of a subdir lie in one spool, one after the other. */
function deriveShards({ source, table }: OriginalIndex, { subdir, spool }: DeriveIndexOptions): { readonly index: readonly DerivedFile[]; readonly shards: readonly DerivedFile[] } {
  const writer = spool.create()
  const places: { readonly file: PublishedFile; readonly position: number }[] = []
  let position = 0
  const index = writeShards({
    subdir,
    source,
    table,
    shard: ({ fileName, sha256, bytes }) => {
      writer.write(bytes)
      places.push({ file: { path: `${subdir}/shards/${fileName}`, sha256, size: bytes.byteLength }, position })
      position += bytes.byteLength
    },
  })
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
