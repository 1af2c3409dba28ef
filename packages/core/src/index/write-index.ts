import { allRows } from '../artifact/artifact-set.ts'
import { type ByteWriter, createByteCounter, createByteWriter } from './byte-writer.ts'
import { compareNameRows, createNameColumn, type NameColumn } from '../columns/columns.ts'
import { createImplausibleError } from './index-errors.ts'
import { endAt, findSectionRows, hasKeptRows, type IndexPart, isKept, readKeys, type SectionRows } from './index-part.ts'
import type { IndexSection } from './index-types.ts'
import { compareCodePoints, jsonDumps } from '../json/json-dumps.ts'
import { minifyJson } from '../json/json-slices.ts'
import { sortRows } from '../columns/merge-rows.ts'
import { createSliceReader } from './slice-reader.ts'
import { planEntries, type TopMember } from './write-entry.ts'
import { finish, type Steps } from '../steps.ts'

/** What `writeIndex` writes. */
export interface WriteIndexOptions {
  /** Where records come from: disjoint file names in each section. Everything else comes from the first part that has it. */
  readonly parts: readonly IndexPart[]
  /** Keys of `info` to set, or, where undefined, to drop. */
  readonly info?: Readonly<Record<string, unknown>>
  /** Takes the document in order; a chunk is valid only during the call. */
  readonly write: (chunk: Uint8Array) => void
}

/**
 * Writes an index from records of others, as conda-index would write it for them (`channels.md` §3.2): no blanks between tokens, top
 * level, `v3` and sections sorted by code point, no final newline. Records, numbers, escapes and the order of keys inside of records
 * stay as they are, and so do top-level keys that we do not know. `removed` loses names that are kept, `signatures` those that are
 * not, and `info.repodata_revisions.v3` is counted anew when records were left out. The same input gives the same bytes.
 *
 * Where a source is sorted and compact, stretches of kept records are copied in one pass. Throws `INDEX_IMPLAUSIBLE` when two parts
 * have the same name in one section.
 */
export function writeIndex(options: WriteIndexOptions): void {
  finish(writeIndexInSteps(options))
}

/** The same, in steps: after a chunk or a few it can wait until somebody wants the next ones, or be given up. */
export function* writeIndexInSteps({ parts, info, write }: WriteIndexOptions): Steps<void> {
  const writer = createByteWriter(write)
  yield* writeMembers(planMembers(parts, info ?? {}), writer)
  writer.flush()
}

/** How many bytes `writeIndex` writes. Reads nothing of sections that are sorted and compact in one document. Throws the same. */
export function measureIndex({ parts, info }: Omit<WriteIndexOptions, 'write'>): number {
  const counter = createByteCounter()
  finish(writeMembers(planMembers(parts, info ?? {}), counter))
  return counter.bytes()
}

/** A member of the top level that is written in steps. */
interface SteppedMember extends Omit<TopMember, 'writeValue'> {
  readonly writeValue: (writer: ByteWriter) => Steps<void>
}

function* writeMembers(members: readonly SteppedMember[], writer: ByteWriter): Steps<void> {
  writer.putText('{')
  for (const [position, member] of members.entries()) {
    writer.putText(`${position === 0 ? '' : ','}${member.rawKey}:`)
    yield* member.writeValue(writer)
  }
  writer.putText('}')
}

function* writeAtOnce({ writeValue }: TopMember, writer: ByteWriter): Steps<void> {
  writeValue(writer)
  yield
}

/** The top level in order. A document of no bytes has the two sections that every client expects. */
function planMembers(parts: readonly IndexPart[], info: Readonly<Record<string, unknown>>): readonly SteppedMember[] {
  const members: SteppedMember[] = planEntries(parts, info).map((entry) => ({ ...entry, writeValue: (writer) => writeAtOnce(entry, writer) }))
  const isEmpty = parts.every(({ table }) => table.skeleton.length === 0)
  for (const key of ['packages', 'packages.conda'] as const) {
    const present = parts.some(({ table }) => table.skeleton.sections.some(({ section }) => section === key))
    if (present || isEmpty) members.push({ key, rawKey: `"${key}"`, writeValue: (writer) => writeSection(parts, key, writer) })
  }
  if (parts.some(({ table }) => table.skeleton.hasV3)) members.push({ key: 'v3', rawKey: '"v3"', writeValue: (writer) => writeV3(parts, writer) })
  return members.sort((left, right) => compareCodePoints(left.key, right.key))
}

function* writeV3(parts: readonly IndexPart[], writer: ByteWriter): Steps<void> {
  const sections = new Set<IndexSection>()
  for (const { table } of parts) for (const { section } of table.skeleton.sections) if (section.startsWith('v3.')) sections.add(section)
  const ordered = [...sections].sort(compareCodePoints)
  writer.putText('{')
  for (const [position, section] of ordered.entries()) {
    writer.putText(`${position === 0 ? '' : ','}${jsonDumps(section.slice(3))}:`)
    yield* writeSection(parts, section, writer)
  }
  writer.putText('}')
}

function* writeSection(parts: readonly IndexPart[], section: IndexSection, writer: ByteWriter): Steps<void> {
  const found = parts.flatMap((part) => findSectionRows(part, section) ?? []).filter(hasKeptRows)
  const [only] = found
  writer.putText('{')
  if (found.length === 1 && only?.inOrder === true) yield* copyRuns(only, writer)
  else if (found.length > 0) yield* writeSorted(found, writer)
  writer.putText('}')
}

const PIECE = 1 << 16

/** Sorted and compact: kept neighbours stand one comma apart, so a stretch of them is one piece, comma in front included. */
function* copyRuns({ part, from, to }: SectionRows, writer: ByteWriter): Steps<void> {
  const { table, source } = part
  const reader = createSliceReader(source)
  let comma = 0
  let chunks = writer.chunks()
  for (let row = from; row < to; row += 1) {
    if (!isKept(part, row)) continue
    const start = table.entryAt(row) - comma
    while (row + 1 < to && isKept(part, row + 1)) row += 1
    const end = row + 1 < to ? table.entryAt(row + 1) - 1 : endAt(table, row)
    for (let position = start; position < end; position += PIECE) {
      writer.putSlice(reader, position, Math.min(end, position + PIECE))
      if (writer.chunks() > chunks) yield
      chunks = writer.chunks()
    }
    comma = 1
  }
}

/** Anything else: rows of all parts by key, each copied without its blanks. */
function* writeSorted(found: readonly SectionRows[], writer: ByteWriter): Steps<void> {
  const { keys, owners, rows } = collectKeys(found)
  const order = sortRows(allRows(rows.length), (left, right) => compareNameRows(keys, left, right))
  assertDistinct(keys, order)
  const readers = found.map(({ part }) => createSliceReader(part.source))
  let chunks = writer.chunks()
  for (const [position, at] of order.entries()) {
    const table = found[owners[at] ?? 0]?.part.table
    const reader = readers[owners[at] ?? 0]
    const row = rows[at]
    if (table === undefined || reader === undefined || row === undefined) throw new RangeError('A row without its part')
    if (position > 0) writer.putText(',')
    minifyJson(reader.slice(table.entryAt(row), endAt(table, row)), writer)
    if (writer.chunks() > chunks) yield
    chunks = writer.chunks()
  }
}

function assertDistinct(keys: NameColumn, order: Uint32Array): void {
  for (let position = 1; position < order.length; position += 1) {
    const row = order[position] ?? 0
    if (compareNameRows(keys, order[position - 1] ?? 0, row) === 0) throw createImplausibleError(`two documents have the record ${keys.text(row)}`, { key: keys.text(row) })
  }
}

interface CollectedKeys {
  readonly keys: NameColumn
  readonly owners: Uint8Array | Uint32Array
  readonly rows: Uint32Array
}

function collectKeys(found: readonly SectionRows[]): CollectedKeys {
  const total = found.reduce((sum, { from, to }) => sum + to - from, 0)
  const keys = createNameColumn()
  const owners = new Uint32Array(total)
  const rows = new Uint32Array(total)
  let count = 0
  found.forEach((section, owner) => {
    for (const { row, key } of readKeys(section)) {
      keys.appendText(key)
      owners[count] = owner
      rows[count] = row
      count += 1
    }
  })
  return { keys, owners, rows: rows.subarray(0, count) }
}
