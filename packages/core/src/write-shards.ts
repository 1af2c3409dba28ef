import { hash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { splitArtifactName, isArtifactName } from './artifact-name.ts'
import { compareNameRows, createNameColumn } from './columns.ts'
import { isSha256, type Sha256 } from './digest.ts'
import { isKept } from './index-part.ts'
import { scanIndex } from './index-scanner.ts'
import type { ByteSource, IndexLayout, IndexSection, IndexSkeleton, RecordView } from './index-types.ts'
import { compareCodePoints } from './json-dumps.ts'
import { sliceJson } from './json-slices.ts'
import { sortRows } from './merge-rows.ts'
import { createMsgpackWriter, type MsgpackWriter } from './msgpack-writer.ts'
import { createSliceReader, type SliceReader } from './slice-reader.ts'
import type { SubdirName } from './subdir.ts'

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
export function writeShards({ subdir, source, table, keep, createdAt, shard }: WriteShardsOptions): Uint8Array {
  const part = { source, table, ...(keep === undefined ? {} : { keep }) }
  const plan = planShards(part)
  const writer = createMsgpackWriter()
  const readers = new Map<IndexSection, SliceReader>()
  const hashes = new Map<string, Sha256>()
  for (const name of plan.names) {
    packShard({ plan, name, writer, table, read: (section) => readerOf(readers, section, source) })
    const bytes = zstdCompressSync(writer.take())
    const sha256 = sha256Of(bytes)
    hashes.set(name, sha256)
    shard({ name, fileName: `${sha256}.msgpack.zst`, sha256, bytes })
  }
  packIndex({ writer, subdir, skeleton: table.skeleton, created: createdAt ?? plan.newest ?? 0, hashes })
  return zstdCompressSync(writer.take())
}

function sha256Of(bytes: Uint8Array): Sha256 {
  const hex = hash('sha256', bytes)
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

interface ShardPlan {
  /** Package names by code point. */
  readonly names: readonly string[]
  /** The rows of a package, sorted by file name in each section. */
  readonly rowsOf: (name: string) => Uint32Array
  readonly removedOf: (name: string) => readonly string[]
  readonly newest: number | undefined
}

/** First pass: which record belongs to which package. */
function planShards(part: { readonly source: ByteSource; readonly table: IndexLayout; readonly keep?: Uint8Array }): ShardPlan {
  const { table } = part
  const ids = new Map<string, number>()
  const rawIds = new Map<string, number>()
  const owners = new Uint32Array(table.rows)
  const keys = createNameColumn()
  const removed = new Set(readRemoved(table.skeleton))
  let newest: number | undefined
  let row = 0

  function idOf(name: string): number {
    const present = ids.get(name)
    if (present !== undefined) return present
    ids.set(name, ids.size)
    return ids.size - 1
  }

  function ownerOf(view: RecordView): number {
    const raw = view.field('name') ?? ''
    const present = rawIds.get(raw)
    if (present !== undefined) return present
    const name = parseName(raw)
    if (name === undefined) return idOf(nameOfFile(view.key()))
    const id = idOf(name)
    rawIds.set(raw, id)
    return id
  }

  scanIndex(part.source, {
    record(view) {
      if (isKept(part, row)) {
        const key = view.key()
        owners[row] = ownerOf(view) + 1
        if (removed.size > 0) removed.delete(key)
        const time = timeOf(view)
        if (time !== undefined && (newest === undefined || time > newest)) newest = time
        keys.appendText(key)
      } else keys.appendText('')
      row += 1
    },
  })

  const removedByName = Map.groupBy(removed, nameOfFile)
  for (const name of removedByName.keys()) idOf(name)
  const { starts, rows } = groupRows(owners, ids.size)
  return {
    names: [...ids.keys()].sort(compareCodePoints),
    rowsOf(name) {
      const id = ids.get(name) ?? 0
      const own = rows.subarray(starts[id], starts[id + 1])
      return sortRows(own, (left, right) => compareSections(table, left, right) || compareNameRows(keys, left, right))
    },
    removedOf: (name) => (removedByName.get(name) ?? []).sort(compareCodePoints),
    newest,
  }
}

function compareSections(table: IndexLayout, left: number, right: number): number {
  return compareCodePoints(table.sectionAt(left), table.sectionAt(right))
}

/** Counting sort: rows by owner. An owner of 0 is none. */
function groupRows(owners: Uint32Array, count: number): { readonly starts: Uint32Array; readonly rows: Uint32Array } {
  const starts = new Uint32Array(count + 1)
  for (const owner of owners) if (owner > 0) starts[owner] = (starts[owner] ?? 0) + 1
  for (let id = 0; id < count; id += 1) starts[id + 1] = (starts[id + 1] ?? 0) + (starts[id] ?? 0)
  const next = starts.slice()
  const rows = new Uint32Array(starts[count] ?? 0)
  owners.forEach((owner, row) => {
    if (owner === 0) return
    const at = next[owner - 1] ?? 0
    rows[at] = row
    next[owner - 1] = at + 1
  })
  return { starts, rows }
}

function parseName(raw: string): string | undefined {
  if (!raw.startsWith('"')) return undefined
  const name: unknown = JSON.parse(raw)
  return typeof name === 'string' ? name : undefined
}

/** For files without a record: the custom of CEP 26, else the whole name. */
function nameOfFile(fileName: string): string {
  return (isArtifactName(fileName) ? splitArtifactName(fileName)?.name : undefined) ?? fileName
}

/** conda's rule: timestamps up to this one are seconds. */
const LAST_SECOND = 253402300799
/** A day after the year 2100 begins timestamps stop to be believed. */
const LATEST = 4102531200000

function timeOf(view: RecordView): number | undefined {
  const raw = view.field('indexed_timestamp') ?? view.field('timestamp')
  if (raw === undefined || !/^\d+$/.test(raw)) return undefined
  const value = Number(raw)
  const time = value <= LAST_SECOND ? value * 1000 : value
  return time <= LATEST ? time : undefined
}

function readRemoved(skeleton: IndexSkeleton): readonly string[] {
  const entry = skeleton.entries.find(({ key }) => key === 'removed')
  const value: unknown = entry === undefined ? [] : JSON.parse(Buffer.from(entry.raw).toString())
  return Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : []
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
