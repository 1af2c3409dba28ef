import { appendCells, type Column, createColumn } from '../columns/columns.ts'
import { createMalformedError } from '../index/index-errors.ts'
import type { IndexSection } from '../index/index-types.ts'
import { createKeyHashSet, type KeyHashSet } from '../columns/key-hash-set.ts'
import { ROW_KEY, ROW_WORDS, type ScannerEngine } from './scanner-engine.ts'

/** The keys of one section, so that none comes twice. */
export interface SectionKeys {
  records: number
  sorted: boolean
  /** Hashes of the keys while they come in order, unless they can be recalled; then those that were seen. */
  hashes: Column<Uint32Array>
  seen: KeyHashSet | undefined
}

/** No keys yet. */
export function createSectionKeys(): SectionKeys {
  return { records: 0, sorted: true, hashes: createHashColumn(), seen: undefined }
}

/** Gives the hashes of the first `records` keys of a section once more: a document that can be read again need not keep them. */
export type RecallKeys = (section: IndexSection, records: number, add: (low: number, high: number) => void) => void

/** Rows of an engine whose window starts at `base` of the document. */
interface KeyRows {
  readonly engine: ScannerEngine
  readonly rows: number
  readonly base: number
  readonly section: IndexSection
  readonly recall: RecallKeys | undefined
}

/** Takes the keys of rows. While they come in order none can be there already. Throws `INDEX_MALFORMED`. */
export function takeKeys(keys: SectionKeys, batch: KeyRows): void {
  const { words, at, calls } = batch.engine
  if (keys.sorted && batch.recall !== undefined) return
  calls.hashKeys()
  if (keys.sorted) appendCells(keys.hashes, words.subarray(at.keyHashes / 4, at.keyHashes / 4 + batch.rows * 2), 2)
  else addHashes(keys, batch)
}

/** Keys out of order: from now on every key is looked up among all before it. */
function addHashes(keys: SectionKeys, batch: KeyRows): void {
  const { engine, rows, base } = batch
  const { words, at } = engine
  const seen = keys.seen ?? startLookingUp(keys, batch)
  for (let row = 0; row < rows; row += 1) {
    const word = at.keyHashes / 4 + row * 2
    if (!seen.add(words[word] ?? 0, words[word + 1] ?? 0)) {
      throw createMalformedError(base + (words[at.rows / 4 + row * ROW_WORDS + ROW_KEY] ?? 0) - 1, 'a key that its section has already')
    }
  }
}

function startLookingUp(keys: SectionKeys, { section, recall }: KeyRows): KeyHashSet {
  const seen = createKeyHashSet()
  if (recall !== undefined) recall(section, keys.records, seen.add)
  else for (let row = 0; row < keys.records; row += 1) {
    const cells = keys.hashes.chunk(row)
    const cell = keys.hashes.cell(row)
    seen.add(cells[cell] ?? 0, cells[cell + 1] ?? 0)
  }
  keys.seen = seen
  keys.hashes = createHashColumn()
  return seen
}

/** Two words a row. */
function createHashColumn(): Column<Uint32Array> {
  return createColumn(Uint32Array, { width: 2 })
}
