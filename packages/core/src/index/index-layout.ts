import { toByteSource } from './byte-source.ts'
import { createColumn } from '../columns/columns.ts'
import { createViewSink, driveScan, type IndexScanner } from '../scanner/index-scanner.ts'
import type { ByteSource, IndexLayout, IndexSection, IndexSink, IndexSkeleton } from './index-types.ts'
import { createScanDriver, type RowBatch } from '../scanner/scan-driver.ts'
import { ROW_END, ROW_KEY, ROW_VALUE, ROW_WORDS } from '../scanner/scanner-engine.ts'

/** Collects where records stand. */
export interface LayoutRecorder {
  readonly add: (batch: RowBatch) => void
  readonly finish: (skeleton: IndexSkeleton) => IndexLayout
}

/** Creates an empty recorder. */
export function createLayoutRecorder(): LayoutRecorder {
  const entries = createPositionColumn()
  const offsets = createOffsetColumn()
  const starts: { readonly row: number; readonly section: IndexSection }[] = []
  let count = 0

  function place(batch: RowBatch, first: number): number {
    const rows = offsets.append(batch, first)
    entries.append(batch, first, rows)
    return first + rows
  }

  const { entryAt } = entries

  return {
    add(batch) {
      if (starts.at(-1)?.section !== batch.section) starts.push({ row: count, section: batch.section })
      for (let done = 0; done < batch.rows;) done = place(batch, done)
      count += batch.rows
    },
    finish: (skeleton) => ({
      skeleton,
      rows: count,
      canonical: skeleton.canonical,
      entryAt,
      sectionAt: (row) => findSection(starts, row),
      sliceAt: (row) => ({ position: entryAt(row) + offsets.offsetAt(row), length: offsets.lengthAt(row) }),
    }),
  }
}

interface OffsetColumn {
  /** Appends rows from `first` on, at most to the end of a chunk; gives how many. */
  readonly append: (batch: RowBatch, first: number) => number
  /** From the key's quote to the value. */
  readonly offsetAt: (row: number) => number
  readonly lengthAt: (row: number) => number
}

/** What does not fit into 16 bits is listed. */
const LISTED = 0xffff

/** How far values are behind their keys, and how long they are: 4 bytes a row. */
function createOffsetColumn(): OffsetColumn {
  const cells = createColumn(Uint16Array, { width: 2 })
  const listed = new Map<number, number>()
  let count = 0

  function fit(value: number, key: number): number {
    if (value < LISTED) return value
    listed.set(key, value)
    return LISTED
  }

  function get(row: number, side: 0 | 1): number {
    const value = cells.chunk(row)[cells.cell(row) + side] ?? 0
    return value < LISTED ? value : (listed.get(row * 2 + side) ?? value)
  }

  return {
    append(batch, first) {
      const { words, at } = batch.engine
      const room = cells.reserve(batch.rows - first)
      for (let row = 0; row < room.rows; row += 1) {
        const word = at.rows / 4 + (first + row) * ROW_WORDS
        const value = words[word + ROW_VALUE] ?? 0
        const key = (count + row) * 2
        room.cells[room.at + row * 2] = fit(value - (words[word + ROW_KEY] ?? 0) + 1, key)
        room.cells[room.at + row * 2 + 1] = fit((words[word + ROW_END] ?? 0) - value, key + 1)
      }
      count += room.rows
      return room.rows
    },
    offsetAt: (row) => get(row, 0),
    lengthAt: (row) => get(row, 1),
  }
}

interface PositionColumn {
  /** Appends where the keys of `rows` rows from `first` on stand; at most to the end of a chunk. */
  readonly append: (batch: RowBatch, first: number, rows: number) => void
  readonly entryAt: (row: number) => number
}

const WORD = 2 ** 32

/** Positions that grow from row to row, as their low words: the few rows where the high word grows are listed. */
function createPositionColumn(): PositionColumn {
  const lows = createColumn(Uint32Array)
  const steps: number[] = []
  let count = 0

  return {
    append(batch, first, rows) {
      const { words, at } = batch.engine
      const low = lows.reserve(rows)
      for (let row = 0; row < rows; row += 1) {
        const position = batch.base + (words[at.rows / 4 + (first + row) * ROW_WORDS + ROW_KEY] ?? 0) - 1
        while (position >= (steps.length + 1) * WORD) steps.push(count + row)
        low.cells[low.at + row] = position
      }
      count += rows
    },
    entryAt(row) {
      const low = lows.chunk(row)[lows.cell(row)] ?? 0
      return steps.length === 0 ? low : low + WORD * steps.filter((step) => step <= row).length
    },
  }
}

/** By binary search: `v3` may have many sections. */
function findSection(starts: readonly { readonly row: number; readonly section: IndexSection }[], row: number): IndexSection {
  let low = 0
  let high = starts.length
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if ((starts[middle]?.row ?? 0) <= row) low = middle
    else high = middle
  }
  return starts[low]?.section ?? 'packages'
}

/** A scanner that remembers where records stand. */
export interface IndexLayoutBuilder {
  /** Takes the next bytes of the document. Throws `INDEX_MALFORMED` or `INDEX_IMPLAUSIBLE`. */
  readonly write: IndexScanner['write']
  readonly end: () => IndexLayout
}

/**
 * Creates a builder for the layout of one document: for a filter that decides while the records pass and then writes with
 * `writeIndex`, 8 bytes a record. The same errors as `createIndexScanner`; nothing of the records is checked.
 */
export function createIndexLayoutBuilder(sink: IndexSink = {}): IndexLayoutBuilder {
  const recorder = createLayoutRecorder()
  const view = createViewSink(sink)
  const driver = createScanDriver((batch) => {
    recorder.add(batch)
    view(batch)
  })
  return { write: driver.write, end: () => recorder.finish(driver.end()) }
}

/** Reads the layout of a document; `sink` sees every record in passing. */
export function readIndexLayout(source: ByteSource | Uint8Array, sink: IndexSink = {}): IndexLayout {
  const recorder = createLayoutRecorder()
  const view = createViewSink(sink)
  return recorder.finish(driveScan(toByteSource(source), (batch) => {
    recorder.add(batch)
    view(batch)
  }))
}
