import { isSha256, type Sha256 } from '../digest.ts'
import type { ByteSource, IndexLayout, IndexSection, IndexSkeleton } from '../index/index-types.ts'
import { compareCodePoints } from '../json/json-dumps.ts'
import { sliceJson } from '../json/json-slices.ts'
import { hashSha256, loadZlib } from './builtins.ts'
import { createMsgpackWriter, type MsgpackWriter } from './msgpack-writer.ts'
import { planShards, type ShardPlan } from './shard-plan.ts'
import { createSliceReader, type SliceReader } from '../index/slice-reader.ts'
import type { SubdirName } from '../channel/subdir.ts'
import { finish, type Steps } from '../steps.ts'

/** One shard: the records of one package name (CEP 16). */
export interface WrittenShard {
  /** The package name. */
  readonly name: string
  /** `<sha256>.msgpack.zst` */
  readonly fileName: string
  /** Of the compressed bytes. */
  readonly sha256: Sha256
  readonly bytes: Uint8Array
}

/** What `writeShards` splits. */
export interface WriteShardsOptions {
  readonly subdir: SubdirName
  readonly source: ByteSource
  /** The layout or table that was read from exactly this source. */
  readonly table: IndexLayout
  /** Rows to take, non-zero; without it all of them. */
  readonly keep?: Uint8Array
  /** `info.created_at`, in milliseconds; without it the newest `indexed_timestamp`, else `timestamp`, of the records, so that the same records give the same bytes. */
  readonly createdAt?: number
  /** Takes each shard, in order of names. It may keep the bytes. */
  readonly shard: (shard: WrittenShard) => void
}

/**
 * Splits an index into shards (CEP 16) and gives the bytes of `repodata_shards.msgpack.zst`, which names each by its sha256 under
 * `./shards/`. All of the document is in them, `v3` and `removed` too. Deterministic: names and file names sorted, record keys as they
 * stand, `md5` and `sha256` as bytes, whole numbers as integers, one zstd frame of level 3 with its content size. So a package that did
 * not change keeps its shard. Memory is about 60 bytes a record, and one shard.
 */
export function writeShards(options: WriteShardsOptions): Uint8Array {
  return finish(writeShardsInSteps(options))
}

/** The same, in steps: after a window of the document, and after each shard, it can wait until somebody wants the next ones, or be given up. */
export function* writeShardsInSteps({ subdir, source, table, keep, createdAt, shard }: WriteShardsOptions): Steps<Uint8Array> {
  const part = { source, table, ...(keep === undefined ? {} : { keep }) }
  const plan = yield* planShards(part)
  const writer = createMsgpackWriter()
  const readers = new Map<IndexSection, SliceReader>()
  const hashes = new Map<string, Sha256>()
  for (const name of plan.names) {
    packShard({ plan, name, writer, table, read: (section) => readerOf(readers, section, source) })
    const bytes = compress(writer.take())
    const sha256 = sha256Of(bytes)
    hashes.set(name, sha256)
    shard({ name, fileName: `${sha256}.msgpack.zst`, sha256, bytes })
    yield
  }
  packIndex({ writer, subdir, skeleton: table.skeleton, created: createdAt ?? plan.newest ?? 0, hashes })
  return compress(writer.take())
}

/** Without a checksum or a content size that is told apart. */
const EMPTY_FRAME_BYTES = 9
const SMALLEST_PIECE = 512

/**
 * One frame. It is collected in pieces of about its size: pieces of the usual 16 KiB, fifty thousand times, would be much to collect. Where a frame ends with a piece, Node asks for more and gets an empty frame
 * behind it: what may be that is made again, in a piece that it cannot fill.
 */
function compress(bytes: Uint8Array): Uint8Array {
  const piece = Math.max(SMALLEST_PIECE, bytes.length >>> 2)
  const packed = loadZlib().zstdCompressSync(bytes, { chunkSize: piece })
  return packed.length % piece === EMPTY_FRAME_BYTES ? loadZlib().zstdCompressSync(bytes, { chunkSize: bytes.length + (bytes.length >>> 7) + 128 }) : packed
}

function sha256Of(bytes: Uint8Array): Sha256 {
  const hex = hashSha256(bytes)
  if (isSha256(hex)) return hex
  throw new TypeError('sha256 is not 64 hex digits')
}

function readerOf(readers: Map<IndexSection, SliceReader>, section: IndexSection, source: ByteSource): SliceReader {
  const present = readers.get(section)
  if (present !== undefined) return present
  const reader = createSliceReader(source)
  readers.set(section, reader)
  return reader
}

interface PackShard {
  readonly plan: ShardPlan
  readonly name: string
  readonly writer: MsgpackWriter
  readonly table: IndexLayout
  readonly read: (section: IndexSection) => SliceReader
}

function packShard({ plan, name, writer, table, read }: PackShard): void {
  const sections = Map.groupBy(plan.rowsOf(name), (row) => table.sectionAt(row))
  const removed = plan.removedOf(name)
  const v3 = [...sections.keys()].filter((section) => section.startsWith('v3.')).sort(compareCodePoints)
  const pack = (section: IndexSection): void => packRecords({ section, rows: sections.get(section) ?? [], writer, table, reader: read(section) })

  writer.mapHeader(2 + (removed.length > 0 ? 1 : 0) + (v3.length > 0 ? 1 : 0))
  for (const section of ['packages', 'packages.conda'] as const) {
    writer.text(section)
    pack(section)
  }
  if (removed.length > 0) {
    writer.text('removed')
    writer.arrayHeader(removed.length)
    for (const fileName of removed) writer.text(fileName)
  }
  if (v3.length > 0) {
    writer.text('v3')
    writer.mapHeader(v3.length)
    for (const section of v3) {
      writer.text(section.slice(3))
      pack(section)
    }
  }
}

interface PackRecords {
  readonly section: IndexSection
  readonly rows: readonly number[]
  readonly writer: MsgpackWriter
  readonly table: IndexLayout
  readonly reader: SliceReader
}

function packRecords({ rows, writer, table, reader }: PackRecords): void {
  writer.mapHeader(rows.length)
  for (const row of rows) {
    const { position, length } = table.sliceAt(row)
    const entry = table.entryAt(row)
    const bytes = reader.slice(entry, position + length)
    writer.json(bytes, 0)
    packRecord(bytes, position - entry, writer)
  }
}

const DIGEST_DIGITS: ReadonlyMap<string, number> = new Map([['md5', 32], ['sha256', 64]])

/** A record as JSON has it, `md5` and `sha256` as bytes. */
function packRecord(bytes: Buffer, start: number, writer: MsgpackWriter): void {
  writer.json(bytes, start, (key, { start: from, end }) => {
    const digits = DIGEST_DIGITS.get(key)
    if (digits === undefined) return false
    const hex = bytes.toString('latin1', from + 1, end - 1)
    if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return false
    writer.bin(Buffer.from(hex, 'hex'))
    return true
  })
}

interface PackIndex {
  readonly writer: MsgpackWriter
  readonly subdir: SubdirName
  readonly skeleton: IndexSkeleton
  readonly created: number
  readonly hashes: ReadonlyMap<string, Sha256>
}

/** Keys of `info` that shards carry as the document has them (CEP 42, CEP 48). */
const CARRIED = ['repodata_revisions', 'channel_relations']

function packIndex({ writer, subdir, skeleton, created, hashes }: PackIndex): void {
  const raw = skeleton.entries.find(({ key }) => key === 'info')?.raw ?? Buffer.from('{}')
  const info = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const carried = [...sliceJson(info)].filter(({ key }) => CARRIED.includes(key))
  writer.mapHeader(3)
  writer.text('info')
  writer.mapHeader(4 + carried.length)
  const fixed = { base_url: '', created_at: `${new Date(created).toISOString().slice(0, 19)}Z`, shards_base_url: './shards/', subdir }
  for (const [key, value] of Object.entries(fixed)) {
    writer.text(key)
    writer.text(value)
  }
  for (const { key, valueStart } of carried) {
    writer.text(key)
    writer.json(info, valueStart)
  }
  writer.text('version')
  writer.integer(1)
  writer.text('shards')
  writer.mapHeader(hashes.size)
  for (const [name, sha256] of hashes) {
    writer.text(name)
    writer.bin(Buffer.from(sha256, 'hex'))
  }
}
