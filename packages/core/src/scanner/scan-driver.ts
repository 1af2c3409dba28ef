import { createImplausibleError, createMalformedError, createScanError } from '../index/index-errors.ts'
import type { IndexSection, IndexSkeleton, SectionEntry, SkeletonEntry } from '../index/index-types.ts'
import { jsonDumps } from '../json/json-dumps.ts'
import { decodeString, findDuplicateKey } from '../json/json-keys.ts'
import { isJsonObject } from '../json/json-object.ts'
import {
  FLAG_CHECK, FLAG_UNSORTED, returnScannerEngine, ROW_END, ROW_FLAGS, ROW_VALUE, ROW_WORDS, SCAN_DONE, SCAN_FAILED, SCAN_NEED_MORE,
  SCAN_SECTION_CLOSE, SCAN_SECTION_OPEN, SCAN_TOP_ENTRY, SCAN_V3_OPEN, type ScannerEngine, takeScannerEngine,
} from './scanner-engine.ts'
import { createSectionKeys, type RecallKeys, type SectionKeys, takeKeys } from './section-keys.ts'

/** No record and no top-level value may be bigger than half of it: it would have to be in memory whole. */
const MAXIMUM_WINDOW = 256 << 20
/** Top-level keys and `v3` sections of one document. */
const MAXIMUM_ENTRIES = 10_000

/** Records of one section, as rows in the memory of the engine. Valid during the call. */
export interface RowBatch {
  readonly engine: ScannerEngine
  readonly rows: number
  readonly section: IndexSection
  /** What a `v3` section adds to a key to make the file name, else "". */
  readonly suffix: string
  /** Where the window starts in the document. */
  readonly base: number
}

/** Drives one scanner over one document. */
export interface ScanDriver {
  /** Takes the next bytes of the document. Throws `INDEX_MALFORMED` or `INDEX_IMPLAUSIBLE`; it is of no use afterwards. */
  readonly write: (chunk: Uint8Array) => void
  /** Room for the next bytes, never empty: fill some of it, then call `filled`. */
  readonly room: () => Uint8Array
  readonly filled: (length: number) => void
  readonly end: () => IndexSkeleton
}

/** Receives the rows of a document, batch by batch. */
export type RowSink = (batch: RowBatch) => void

/** Creates a driver that hands rows to `sink`; with `recall` it keeps no keys while they come in order. */
export function createScanDriver(sink: RowSink, recall?: RecallKeys): ScanDriver {
  const scan = createScan(sink, { recall })

  function room(): Uint8Array {
    const { engine, have } = scan
    return engine.bytes.subarray(engine.at.window + have, engine.at.window + engine.capacity)
  }

  function filled(length: number): void {
    assertOpen(scan)
    scan.have += length
    if (scan.have === scan.engine.capacity) drain(scan, false)
  }

  return {
    room,
    filled,
    write(chunk) {
      for (let done = 0; done < chunk.length;) {
        const part = chunk.subarray(done, done + scan.engine.capacity - scan.have)
        scan.engine.bytes.set(part, scan.engine.at.window + scan.have)
        done += part.length
        filled(part.length)
      }
    },
    end() {
      assertOpen(scan)
      scan.over = true
      if (scan.base + scan.have > 0) drain(scan, true)
      const skeleton = describe(scan)
      returnScannerEngine(scan.engine)
      return skeleton
    },
  }
}

/** A scan of one document. */
export interface Scan {
  readonly sink: RowSink
  readonly ordered: boolean
  /** Until it was used: a document that has one section out of order may have many. */
  recall: RecallKeys | undefined
  readonly engine: ScannerEngine
  readonly entries: SkeletonEntry[]
  readonly sections: SectionEntry[]
  readonly outerKeys: string[]
  readonly v3Keys: string[]
  open: OpenSection | undefined
  /** Where the window starts in the document, how much of it is filled, and where the next scan starts in it. */
  base: number
  have: number
  next: number
  /** Bytes of the entries. */
  kept: number
  hasV3: boolean
  over: boolean
  /** All keys that the writer makes itself are written as it would. */
  plain: boolean
}

/** The section that the scan is in. */
interface OpenSection extends SectionKeys {
  readonly section: IndexSection
  readonly suffix: string
}

/** Creates a scan; `ordered`: the sink gives up where keys come out of order, so they need not be looked up. */
export function createScan(sink: RowSink, { ordered = false, recall }: { readonly ordered?: boolean; readonly recall?: RecallKeys | undefined }): Scan {
  return {
    sink, ordered, recall, engine: takeScannerEngine(), entries: [], sections: [], outerKeys: [], v3Keys: [], open: undefined,
    base: 0, have: 0, next: 0, kept: 0, hasV3: false, over: false, plain: true,
  }
}

function assertOpen(scan: Scan): void {
  if (scan.over) throw new TypeError('The document is over')
}

/** What a scan that is over has found. */
export function describe({ base, have, next, engine, entries, sections, outerKeys, v3Keys, hasV3, plain }: Scan): IndexSkeleton {
  const compact = engine.calls.spaced() === 0
  // Behind the document's brace conda-index writes nothing.
  const ends = have === next
  const canonical = compact && plain && ends && isSorted(outerKeys) && isSorted(v3Keys) && sections.every(({ sorted }) => sorted)
  return { length: base + have, entries, sections, hasV3, compact, canonical, info: parseInfo(entries) }
}

/** Scans what the window has. */
function drain(scan: Scan, last: boolean): void {
  for (;;) {
    const status = step(scan, scan.have, last)
    if (status === SCAN_NEED_MORE || status === SCAN_DONE) break
  }
  if (!last) makeRoom(scan)
}

/** Lets go what is scanned, and makes the window bigger where the rest needs half of it. */
export function makeRoom(scan: Scan): void {
  const { engine, next, have } = scan
  engine.bytes.copyWithin(engine.at.window, engine.at.window + next, engine.at.window + have)
  scan.base += next
  scan.have -= next
  scan.next = 0
  if (scan.have * 2 > engine.capacity) growWindow(scan)
}

function growWindow({ engine, base }: Scan): void {
  if (engine.capacity >= MAXIMUM_WINDOW) throw createImplausibleError(`the value at byte ${base} is bigger than 128 MiB`, { position: base })
  engine.grow(engine.capacity * 2)
}

/** Scans on, at most to `to`, until something has to be done. */
export function step(scan: Scan, to: number, last: boolean): number {
  const { calls } = scan.engine
  const status = calls.scan(scan.next, to, last ? 1 : 0)
  scan.next = calls.consumed()
  if (status === SCAN_FAILED) fail(scan)
  const rows = calls.rows()
  if (rows > 0 && scan.open !== undefined) takeRows(scan, scan.open, rows)
  if (status === SCAN_SECTION_OPEN) openSection(scan)
  else if (status === SCAN_SECTION_CLOSE) closeSection(scan)
  else if (status === SCAN_TOP_ENTRY) addEntry(scan)
  else if (status === SCAN_V3_OPEN) openV3(scan)
  return status
}

function fail({ engine, base, have }: Scan): never {
  const { calls, bytes, at } = engine
  const offset = calls.failureAt()
  throw createScanError({ code: calls.failure(), state: calls.failureState(), position: base + offset, found: offset < have ? bytes[at.window + offset] : undefined })
}

/** The key that stands before the value the scanner met, as it is written. */
function rawKey({ engine }: Scan): string {
  const start = engine.at.window + engine.calls.keyAt() - 1
  return engine.bytes.toString('utf8', start, start + engine.calls.keyLength() + 2)
}

function noteKey(scan: Scan, keys: string[]): string {
  const { bytes, at, calls } = scan.engine
  const start = at.window + calls.keyAt() - 1
  const key = decodeString(bytes, start, start + calls.keyLength() + 2)
  if (keys.includes(key)) throw createMalformedError(scan.base + start - at.window, `the key ${JSON.stringify(key.slice(0, 100))} for the second time`)
  if (keys.length === MAXIMUM_ENTRIES) throw createImplausibleError(`it has more than ${MAXIMUM_ENTRIES} top-level keys`)
  keys.push(key)
  return key
}

function openSection(scan: Scan): void {
  const inV3 = scan.engine.calls.section() === 3
  const key = noteKey(scan, inV3 ? scan.v3Keys : scan.outerKeys)
  scan.plain &&= rawKey(scan) === jsonDumps(key)
  scan.open = { section: sectionName(inV3, key), suffix: inV3 ? `.${key}` : '', ...createSectionKeys() }
}

function sectionName(inV3: boolean, key: string): IndexSection {
  if (inV3) return `v3.${key}`
  return key === 'packages' ? 'packages' : 'packages.conda'
}

function closeSection(scan: Scan): void {
  if (scan.open === undefined) return
  const { section, records, sorted } = scan.open
  scan.sections.push({ section, records, sorted })
  scan.open = undefined
}

function openV3(scan: Scan): void {
  noteKey(scan, scan.outerKeys)
  scan.plain &&= rawKey(scan) === '"v3"'
  scan.hasV3 = true
}

function addEntry(scan: Scan): void {
  const { engine, base } = scan
  const { calls, at } = engine
  const key = noteKey(scan, scan.outerKeys)
  const start = at.window + calls.valueAt()
  const end = at.window + calls.valueEnd()
  if (calls.entryCheck() !== 0) assertDistinctKeys(scan, start, end)
  scan.kept += end - start
  if (scan.kept > MAXIMUM_WINDOW) throw createImplausibleError('it has more than 256 MiB beside its records')
  scan.entries.push({ key, rawKey: rawKey(scan), position: base + start - at.window, raw: Buffer.from(engine.bytes.subarray(start, end)) })
}

/** For objects with more keys than the compiled scanner compares. */
function assertDistinctKeys({ engine, base }: Scan, start: number, end: number): void {
  const found = findDuplicateKey(engine.bytes, start, end)
  if (found !== undefined) throw createMalformedError(base + found - engine.at.window, 'a key that its object has already')
}

function takeRows(scan: Scan, open: OpenSection, rows: number): void {
  const { engine, base } = scan
  if (engine.calls.flagged() !== 0) checkFlags(scan, open, rows)
  if (!scan.ordered) takeKeys(open, { engine, rows, base, section: open.section, recall: scan.recall })
  if (!open.sorted) scan.recall = undefined
  scan.sink({ engine, rows, section: open.section, suffix: open.suffix, base })
  open.records += rows
}

function checkFlags(scan: Scan, open: OpenSection, rows: number): void {
  const { words, at } = scan.engine
  const first = at.rows / 4
  for (let word = first; word < first + rows * ROW_WORDS; word += ROW_WORDS) {
    const flags = words[word + ROW_FLAGS] ?? 0
    if (flags === 0) continue
    if ((flags & FLAG_CHECK) !== 0) assertDistinctKeys(scan, at.window + (words[word + ROW_VALUE] ?? 0), at.window + (words[word + ROW_END] ?? 0))
    if ((flags & FLAG_UNSORTED) !== 0) open.sorted = false
  }
}

function isSorted(keys: readonly string[]): boolean {
  return keys.every((key, position) => position === 0 || Buffer.compare(Buffer.from(keys[position - 1] ?? ''), Buffer.from(key)) < 0)
}

function parseInfo(entries: readonly SkeletonEntry[]): Readonly<Record<string, unknown>> | undefined {
  const entry = entries.find(({ key }) => key === 'info')
  if (entry === undefined) return undefined
  const value: unknown = JSON.parse(Buffer.from(entry.raw).toString())
  if (isJsonObject(value)) return value
  throw createImplausibleError('its "info" is not an object')
}
