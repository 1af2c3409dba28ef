import type { ByteWriter } from './byte-writer.ts'
import { findSectionRows, type IndexPart, isKept, readKeys, type SectionRows } from './index-part.ts'
import type { IndexSection, SkeletonEntry } from './index-types.ts'
import { jsonDumps } from '../json/json-dumps.ts'
import { type JsonSlice, minifyJson, minifyToText, sliceJson } from '../json/json-slices.ts'
import { createSliceReader } from './slice-reader.ts'

/** A member of the top level, and how its value is written. */
export interface TopMember {
  readonly key: string
  /** The key as it is written, quotes included. */
  readonly rawKey: string
  readonly writeValue: (writer: ByteWriter) => void
}

/** Everything beside the record sections: of each key what the first part with it has, `removed` and `signatures` of all. */
export function planEntries(parts: readonly IndexPart[], info: Readonly<Record<string, unknown>>): readonly TopMember[] {
  const all = parts.flatMap(({ table }) => table.skeleton.entries)
  const firsts = new Map<string, SkeletonEntry>()
  for (const entry of all) if (!firsts.has(entry.key)) firsts.set(entry.key, entry)
  const lists = { removed: sliceEntries(all, 'removed', isArray), signatures: sliceEntries(all, 'signatures', isObject) }
  const kept = findKeptNames(parts, [...lists.removed, ...lists.signatures])
  const members: TopMember[] = []
  for (const { key, rawKey, raw } of firsts.values()) {
    if (key === 'info') continue
    if (key === 'removed' && isArray(raw)) members.push({ key, rawKey, writeValue: (writer) => writeRemoved(lists.removed, kept, writer) })
    else if (key === 'signatures' && isObject(raw)) members.push(...planSignatures(rawKey, lists.signatures, kept))
    else members.push({ key, rawKey, writeValue: (writer) => minifyJson(raw, writer) })
  }
  return [...members, ...planInfo(parts, firsts.get('info'), info)]
}

function isArray(raw: Uint8Array): boolean {
  return raw[0] === 0x5b
}

function isObject(raw: Uint8Array): boolean {
  return raw[0] === 0x7b
}

/** A piece of a top-level value, with the name it is about. */
interface NamedSlice extends JsonSlice {
  readonly bytes: Buffer
  readonly name: string
}

/** All pieces of the first document that has the key, and of later ones what is new. */
function sliceEntries(entries: readonly SkeletonEntry[], key: string, isWanted: (raw: Uint8Array) => boolean): readonly NamedSlice[] {
  const slices: NamedSlice[] = []
  for (const entry of entries) {
    if (entry.key !== key || !isWanted(entry.raw)) continue
    const before = new Set(slices.map(({ name }) => name))
    const bytes = Buffer.from(entry.raw.buffer, entry.raw.byteOffset, entry.raw.byteLength)
    for (const slice of sliceJson(bytes)) {
      const name = isArray(entry.raw) ? elementName(bytes, slice) : slice.key
      if (!before.has(name)) slices.push({ ...slice, bytes, name })
    }
  }
  return slices
}

/** Elements of `removed` are names; anything else is kept under a name that no artifact has. */
function elementName(bytes: Buffer, { start, end }: JsonSlice): string {
  const value: unknown = JSON.parse(bytes.toString('utf8', start, end))
  return typeof value === 'string' ? value : '\0'
}

/** Those of the names that are kept: nothing is read when there are none to look for. */
function findKeptNames(parts: readonly IndexPart[], wanted: readonly NamedSlice[]): ReadonlySet<string> {
  const kept = new Set<string>()
  if (wanted.length === 0) return kept
  const names = new Set(wanted.map(({ name }) => name))
  for (const { section, rows } of sectionsOf(parts)) {
    const suffix = section.startsWith('v3.') ? section.slice(2) : ''
    for (const { key } of readKeys(rows)) if (names.has(key + suffix)) kept.add(key + suffix)
  }
  return kept
}

/** All sections of all parts. */
function* sectionsOf(parts: readonly IndexPart[]): Generator<{ readonly section: IndexSection; readonly rows: SectionRows }> {
  for (const part of parts) {
    for (const { section } of part.table.skeleton.sections) {
      const rows = findSectionRows(part, section)
      if (rows !== undefined) yield { section, rows }
    }
  }
}

/** A file that is kept must not be listed: rattler would hide it. */
function writeRemoved(slices: readonly NamedSlice[], kept: ReadonlySet<string>, writer: ByteWriter): void {
  writeSlices(slices.filter(({ name }) => !kept.has(name)), writer, '[]')
}

/** A signature is over one record, so it stays good for a record that stays (`channels.md` §3.5). */
function planSignatures(rawKey: string, slices: readonly NamedSlice[], kept: ReadonlySet<string>): readonly TopMember[] {
  const good = slices.filter(({ name }) => kept.has(name))
  if (good.length === 0 && slices.length > 0) return []
  return [{ key: 'signatures', rawKey, writeValue: (writer) => writeSlices(good, writer, '{}') }]
}

function writeSlices(slices: readonly NamedSlice[], writer: ByteWriter, brackets: string): void {
  writer.putText(brackets.slice(0, 1))
  slices.forEach(({ bytes, start, end }, position) => {
    if (position > 0) writer.putText(',')
    minifyJson(bytes.subarray(start, end), writer)
  })
  writer.putText(brackets.slice(1))
}

function planInfo(parts: readonly IndexPart[], entry: SkeletonEntry | undefined, edits: Readonly<Record<string, unknown>>): readonly TopMember[] {
  const changes = [...recountRevisions(parts, entry), ...Object.entries(edits)]
  const rawKey = entry?.rawKey ?? '"info"'
  if (entry !== undefined && changes.length === 0) return [{ key: 'info', rawKey, writeValue: (writer) => minifyJson(entry.raw, writer) }]
  const members = rawMembers(entry?.raw ?? Buffer.from('{}'))
  editMembers(members, changes)
  return entry === undefined && members.size === 0 ? [] : [{ key: 'info', rawKey, writeValue: (writer) => writer.putText(jsonDumps(members)) }]
}

/** Sets members, or, where undefined, drops them. */
function editMembers(members: Map<string, unknown>, edits: readonly (readonly [string, unknown])[]): void {
  for (const [key, value] of edits) {
    if (value === undefined) members.delete(key)
    else members.set(key, value)
  }
}

/** The members of an object, each value as its raw text. */
function rawMembers(raw: Uint8Array): Map<string, unknown> {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const members = new Map<string, unknown>()
  for (const { key, valueStart, end } of sliceJson(bytes)) members.set(key, { rawJson: minifyToText(bytes.subarray(valueStart, end)) })
  return members
}

/** CEP 48: what `repodata_revisions.v3` counts must be true of this file. What to change of `info`: nothing, or the revisions. */
function recountRevisions(parts: readonly IndexPart[], entry: SkeletonEntry | undefined): readonly (readonly [string, unknown])[] {
  if (entry === undefined || (parts.length === 1 && parts[0]?.keep === undefined)) return []
  const revisions = innerMembers(rawMembers(entry.raw), 'repodata_revisions')
  const v3 = innerMembers(revisions, 'v3')
  if (revisions === undefined || v3 === undefined) return []
  editMembers(v3, Object.entries(countV3(parts)).filter(([key]) => v3.has(key)))
  return [['repodata_revisions', revisions.set('v3', v3)]]
}

/** The members of a member that is an object. */
function innerMembers(members: ReadonlyMap<string, unknown> | undefined, key: string): Map<string, unknown> | undefined {
  const raw = rawText(members?.get(key))
  return raw?.startsWith('{') === true ? rawMembers(Buffer.from(raw)) : undefined
}

function rawText(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'rawJson' in value && typeof value.rawJson === 'string' ? value.rawJson : undefined
}

interface V3Count {
  readonly n_packages: number
  readonly oldest: number | undefined
  readonly newest: number | undefined
}

function countV3(parts: readonly IndexPart[]): V3Count {
  let packages = 0
  let oldest: number | undefined
  let newest: number | undefined
  for (const { section, rows } of sectionsOf(parts)) {
    if (!section.startsWith('v3.')) continue
    for (const time of readTimestamps(rows)) {
      packages += 1
      if (time !== undefined) {
        oldest = Math.min(oldest ?? time, time)
        newest = Math.max(newest ?? time, time)
      }
    }
  }
  return { n_packages: packages, oldest, newest }
}

/** conda's rule: timestamps up to this one are seconds. */
const LAST_SECOND = 253402300799

function* readTimestamps({ part, from, to }: SectionRows): Generator<number | undefined> {
  const reader = createSliceReader(part.source)
  for (let row = from; row < to; row += 1) {
    if (!isKept(part, row)) continue
    const { position, length } = part.table.sliceAt(row)
    yield toMilliseconds(JSON.parse(reader.slice(position, position + length).toString()))
  }
}

function toMilliseconds(record: unknown): number | undefined {
  const time = typeof record === 'object' && record !== null && 'timestamp' in record ? record.timestamp : undefined
  if (typeof time !== 'number' || !Number.isInteger(time) || time < 0) return undefined
  return time <= LAST_SECOND ? time * 1000 : time
}
