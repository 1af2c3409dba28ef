import { createImplausibleError, createMalformedError, createScanError } from './index-errors.ts'
import type { IndexSection, IndexSkeleton, SectionEntry, SkeletonEntry } from './index-types.ts'
import { jsonDumps } from './json-dumps.ts'
import { decodeString, findDuplicateKey } from './json-keys.ts'
import { createKeyHashSet, type KeyHashSet } from './key-hash-set.ts'
import {
  FLAG_CHECK, returnScannerEngine, FLAG_UNSORTED, ROW_END, ROW_FLAGS, ROW_KEY, ROW_VALUE, ROW_WORDS, SCAN_DONE, SCAN_FAILED, SCAN_NEED_MORE,
  SCAN_SECTION_CLOSE, SCAN_SECTION_OPEN, SCAN_TOP_ENTRY, SCAN_V3_OPEN, type ScannerEngine, takeScannerEngine,
} from './scanner-engine.ts'

/** No record and no top-level value may be bigger: it would have to be in memory whole. */
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

interface OpenSection {
  readonly section: IndexSection
  readonly suffix: string
  records: number
  sorted: boolean
  readonly hashes: Uint32Array[]
  seen: KeyHashSet | undefined
}

/** Creates a driver that hands rows to `sink`. */
export function createScanDriver(sink: RowSink): ScanDriver {
  const engine = takeScannerEngine()
  const { calls, at } = engine
  const entries: SkeletonEntry[] = []
  const sections: SectionEntry[] = []
  const outerKeys: string[] = []
  const v3Keys: string[] = []
  let open: OpenSection | undefined
  let base = 0
  let have = 0
  let next = 0
  let kept = 0
  let hasV3 = false
  let over = false
  /** All keys that the writer makes itself are written as it would. */
  let plain = true

  function noteKey(keys: string[], start: number, end: number): string {
    const key = decodeString(engine.bytes, start, end)
    if (keys.includes(key)) throw createMalformedError(base + start - at.window, `the key ${JSON.stringify(key.slice(0, 100))} for the second time`)
    if (keys.length === MAXIMUM_ENTRIES) throw createImplausibleError(`it has more than ${MAXIMUM_ENTRIES} top-level keys`)
    keys.push(key)
    return key
  }

  function currentRawKey(): string {
    const start = at.window + calls.keyAt() - 1
    return engine.bytes.toString('utf8', start, start + calls.keyLength() + 2)
  }

  function currentKey(keys: string[]): string {
    const start = at.window + calls.keyAt() - 1
    return noteKey(keys, start, start + calls.keyLength() + 2)
  }

  function openSection(): void {
    const inV3 = calls.section() === 3
    const key = currentKey(inV3 ? v3Keys : outerKeys)
    const section = sectionName(inV3, key)
    plain &&= currentRawKey() === jsonDumps(key)
    open = { section, suffix: inV3 ? `.${key}` : '', records: 0, sorted: true, hashes: [], seen: undefined }
  }

  function closeSection(): void {
    if (open === undefined) return
    sections.push({ section: open.section, records: open.records, sorted: open.sorted })
    open = undefined
  }

  function addEntry(): void {
    const key = currentKey(outerKeys)
    const start = at.window + calls.valueAt()
    const end = at.window + calls.valueEnd()
    if (calls.entryCheck() !== 0) assertDistinctKeys(start, end)
    kept += end - start
    if (kept > MAXIMUM_WINDOW) throw createImplausibleError('it has more than 256 MiB beside its records')
    entries.push({ key, rawKey: currentRawKey(), position: base + start - at.window, raw: Buffer.from(engine.bytes.subarray(start, end)) })
  }

  function assertDistinctKeys(start: number, end: number): void {
    const found = findDuplicateKey(engine.bytes, start, end)
    if (found !== undefined) throw createMalformedError(base + found - at.window, 'a key that its object has already')
  }

  function takeRows(rows: number): void {
    if (open === undefined) return
    checkRows(open, rows)
    sink({ engine, rows, section: open.section, suffix: open.suffix, base })
    open.records += rows
  }

  function checkRows(section: OpenSection, rows: number): void {
    const { words } = engine
    let word = at.rows / 4 + ROW_FLAGS
    for (let row = 0; row < rows; row += 1, word += ROW_WORDS) {
      const flags = words[word] ?? 0
      if (flags === 0) continue
      if ((flags & FLAG_CHECK) !== 0) assertDistinctKeys(at.window + (words[word - ROW_FLAGS + ROW_VALUE] ?? 0), at.window + (words[word - ROW_FLAGS + ROW_END] ?? 0))
      if ((flags & FLAG_UNSORTED) !== 0) section.sorted = false
    }
    if (section.sorted) section.hashes.push(new Uint32Array(engine.bytes.buffer.slice(at.keyHashes, at.keyHashes + rows * 8)))
    else addHashes(section, rows)
  }

  /** Keys out of order: from now on every key is looked up among all before it. */
  function addHashes(section: OpenSection, rows: number): void {
    const seen = section.seen ?? (section.seen = createKeyHashSet())
    for (const hashes of section.hashes.splice(0)) for (let word = 0; word < hashes.length; word += 2) seen.add(hashes[word] ?? 0, hashes[word + 1] ?? 0)
    const { words } = engine
    for (let row = 0; row < rows; row += 1) {
      const word = at.keyHashes / 4 + row * 2
      if (!seen.add(words[word] ?? 0, words[word + 1] ?? 0)) {
        const key = words[at.rows / 4 + row * ROW_WORDS + ROW_KEY] ?? 0
        throw createMalformedError(base + key - 1, 'a key that its section has already')
      }
    }
  }

  function fail(): never {
    const offset = calls.failureAt()
    throw createScanError({ code: calls.failure(), state: calls.failureState(), position: base + offset, found: offset < have ? engine.bytes[at.window + offset] : undefined })
  }

  function step(last: boolean): number {
    const status = calls.scan(next, have, last ? 1 : 0)
    next = calls.consumed()
    if (status === SCAN_FAILED) fail()
    const rows = calls.rows()
    if (rows > 0) takeRows(rows)
    if (status === SCAN_SECTION_OPEN) openSection()
    else if (status === SCAN_SECTION_CLOSE) closeSection()
    else if (status === SCAN_TOP_ENTRY) addEntry()
    else if (status === SCAN_V3_OPEN) {
      currentKey(outerKeys)
      plain &&= currentRawKey() === '"v3"'
      hasV3 = true
    }
    return status
  }

  function drain(last: boolean): void {
    for (;;) {
      const status = step(last)
      if (status === SCAN_NEED_MORE || status === SCAN_DONE) break
    }
    if (last) return
    engine.bytes.copyWithin(at.window, at.window + next, at.window + have)
    base += next
    have -= next
    next = 0
    if (have * 2 > engine.capacity) growWindow()
  }

  function growWindow(): void {
    if (engine.capacity >= MAXIMUM_WINDOW) throw createImplausibleError(`the value at byte ${base} is bigger than 128 MiB`, { position: base })
    engine.grow(engine.capacity * 2)
  }

  function room(): Uint8Array {
    return engine.bytes.subarray(at.window + have, at.window + engine.capacity)
  }

  function filled(length: number): void {
    if (over) throw new TypeError('The document is over')
    have += length
    if (have === engine.capacity) drain(false)
  }

  return {
    room,
    filled,
    write(chunk) {
      for (let done = 0; done < chunk.length;) {
        const length = Math.min(engine.capacity - have, chunk.length - done)
        engine.bytes.set(chunk.subarray(done, done + length), at.window + have)
        done += length
        filled(length)
      }
    },
    end() {
      const length = base + have
      if (over) throw new TypeError('The document is over')
      over = true
      if (length > 0) drain(true)
      const compact = calls.spaced() === 0
      returnScannerEngine(engine)
      // Behind the document's brace conda-index writes nothing.
      const canonical = compact && plain && base + next === length && isSorted(outerKeys) && isSorted(v3Keys) && sections.every(({ sorted }) => sorted)
      return { length, entries, sections, hasV3, compact, canonical, info: parseInfo(entries) }
    },
  }
}

function sectionName(inV3: boolean, key: string): IndexSection {
  if (inV3) return `v3.${key}`
  return key === 'packages' ? 'packages' : 'packages.conda'
}

function isSorted(keys: readonly string[]): boolean {
  return keys.every((key, position) => position === 0 || Buffer.compare(Buffer.from(keys[position - 1] ?? ''), Buffer.from(key)) < 0)
}

function parseInfo(entries: readonly SkeletonEntry[]): Readonly<Record<string, unknown>> | undefined {
  const entry = entries.find(({ key }) => key === 'info')
  if (entry === undefined) return undefined
  const value: unknown = JSON.parse(Buffer.from(entry.raw).toString())
  if (isObject(value)) return value
  throw createImplausibleError('its "info" is not an object')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
