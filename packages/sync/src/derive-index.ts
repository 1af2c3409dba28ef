import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress } from 'node:zlib'
import { type ByteSource, createIndexTableBuilder, type IndexTable, type Sha256, type SubdirName, writeIndex, writeShards } from '@mirror/core'
import type { PublishedFile, SubdirState } from '@mirror/delta'
import { compressBzip2 } from './bzip2.ts'
import type { VariantChoice } from './options.ts'
import { readChunks, type Spooled, type SpoolSpace } from './spool.ts'

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

/** Upstream's own bytes, when they are published as they are. */
export interface OriginalIndex {
  readonly source: ByteSource
  readonly table: IndexTable
  readonly sha256: Sha256
  /** Upstream's compressed form of exactly this document, where we have it. */
  readonly zst: Uint8Array | undefined
  readonly bz2: Uint8Array | undefined
}

/** Where the records of a document come from that is not upstream's own. */
export interface IndexPart {
  readonly source: ByteSource
  readonly table: IndexTable
  readonly keep?: Uint8Array
}

/** What `deriveIndex` needs. */
export interface DeriveIndexOptions {
  readonly subdir: SubdirName
  readonly variants: VariantChoice
  readonly spool: SpoolSpace
  readonly signal: AbortSignal
}

const ZSTD_LEVEL = 3

/** Publishes upstream's document byte for byte. */
export async function deriveFromOriginal(original: OriginalIndex, options: DeriveIndexOptions): Promise<DerivedIndex> {
  const { source, sha256 } = original
  const document = { source, sha256, size: source.length, chunks: () => readChunks(source) }
  return await deriveVariants({ document, table: original.table, zst: original.zst, bz2: original.bz2 }, options)
}

/** Publishes a document of our own, written from slices of others; with `dropBaseUrl` it loses `info.base_url`, because the artifacts lie beside it here. */
export async function deriveFromParts(parts: readonly IndexPart[], dropBaseUrl: boolean, options: DeriveIndexOptions): Promise<DerivedIndex> {
  const writer = options.spool.create()
  // Read back while it is written: what is published has passed the same reader as what came in.
  const reader = createIndexTableBuilder(options.subdir)
  writeIndex({
    parts,
    ...(dropBaseUrl ? { info: { base_url: undefined } } : {}),
    write: (chunk) => {
      writer.write(chunk)
      reader.write(chunk)
    },
  })
  const document = writer.finish()
  return await deriveVariants({ document, table: reader.end(), zst: undefined, bz2: undefined }, options)
}

interface Document {
  readonly document: Spooled
  readonly table: IndexTable
  readonly zst: Uint8Array | undefined
  readonly bz2: Uint8Array | undefined
}

async function deriveVariants({ document, table, zst, bz2 }: Document, options: DeriveIndexOptions): Promise<DerivedIndex> {
  const { subdir, variants } = options
  const documentFile = derivedFile(`${subdir}/repodata.json`, document)
  const shards = variants.shards ? deriveShards(document.source, table, options) : { index: [], shards: [] }
  const compressed = [
    ...(variants.zst ? [derivedFile(`${subdir}/repodata.json.zst`, zst === undefined ? await compressZst(document, options) : spoolBytes(zst, options.spool))] : []),
    ...(variants.bz2 === false ? [] : await deriveBzip2(document, bz2, options)),
  ]
  const files = [...shards.index, ...compressed]
  return {
    state: {
      subdir,
      document: documentFile.file,
      variants: files.map(({ file }) => file),
      artifacts: countArtifacts(table),
    },
    files: [documentFile, ...files],
    shards: shards.shards,
  }
}

function countArtifacts(table: IndexTable): SubdirState['artifacts'] {
  const { count, bytes } = table.artifacts()
  return { count, bytes }
}

function derivedFile(path: string, spooled: Spooled): DerivedFile {
  return { file: { path, sha256: spooled.sha256, size: spooled.size }, chunks: spooled.chunks }
}

function spoolBytes(bytes: Uint8Array, spool: SpoolSpace): Spooled {
  const writer = spool.create()
  writer.write(bytes)
  return writer.finish()
}

/** One frame that carries its content size: early clients crash without it (`channels.md` §3.4), and some stop after a first frame. */
async function compressZst(document: Spooled, { spool, signal }: DeriveIndexOptions): Promise<Spooled> {
  const writer = spool.create()
  const compressor = createZstdCompress({
    pledgedSrcSize: document.size,
    params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  await pipeline(document.chunks(), compressor, async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) writer.write(chunk)
  }, { signal })
  return writer.finish()
}

async function deriveBzip2(document: Spooled, upstream: Uint8Array | undefined, options: DeriveIndexOptions): Promise<readonly DerivedFile[]> {
  const path = `${options.subdir}/repodata.json.bz2`
  if (upstream !== undefined) return [derivedFile(path, spoolBytes(upstream, options.spool))]
  if (options.variants.bz2 !== true) return []
  return [derivedFile(path, spoolBytes(await compressBzip2(Buffer.concat([...document.chunks()])), options.spool))]
}

/** All shards of a subdir lie in one spool, one after the other. */
function deriveShards(source: ByteSource, table: IndexTable, { subdir, spool }: DeriveIndexOptions): { readonly index: readonly DerivedFile[]; readonly shards: readonly DerivedFile[] } {
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
  const all = writer.finish()
  const shards = places.map((place) => ({ file: place.file, chunks: () => [Uint8Array.prototype.slice.call(all.source.read(place.position, place.file.size))] }))
  return { index: [derivedFile(`${subdir}/repodata_shards.msgpack.zst`, spoolBytes(index, spool))], shards }
}
