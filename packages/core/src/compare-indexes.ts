import { markAt } from './artifact-columns.ts'
import { readInto } from './byte-source.ts'
import { compareTableRows, compareTables, createComparisonRecorder, type TableRow } from './compare-tables.ts'
import { addBatch, assertPlausible, createTableColumns, FAULT_MASK, readIndexTable } from './index-table.ts'
import type { ByteSource, TableComparison } from './index-types.ts'
import { createScanDriver, type RowBatch, type ScanDriver } from './scan-driver.ts'
import { FLAG_UNSORTED, ROW_FLAGS, ROW_WORDS } from './scanner-engine.ts'
import type { SubdirName } from './subdir.ts'

/** What `compareIndexes` compares. */
export interface CompareIndexesOptions {
  readonly subdir: SubdirName
  readonly base: ByteSource
  readonly target: ByteSource
}

/**
 * Finds how two documents of one subdir differ, as `compareTables` does with their tables, and with all the errors of
 * `readIndexTable`. Sorted documents are read side by side, which takes no memory but for what differs; others go through tables.
 */
export function compareIndexes({ subdir, base, target }: CompareIndexesOptions): TableComparison {
  return joinSorted({ subdir, base, target }) ?? compareTables({ base: readIndexTable(base, subdir), target: readIndexTable(target, subdir) })
}

/** Undefined for documents that cannot be read side by side. */
function joinSorted({ subdir, base, target }: CompareIndexesOptions): TableComparison | undefined {
  const left = createSide(base, subdir)
  const right = createSide(target, subdir)
  const recorder = createComparisonRecorder(subdir)
  for (;;) {
    const before = left.head()
    const after = right.head()
    if (!left.isJoinable() || !right.isJoinable()) return undefined
    if (before === undefined || after === undefined) break
    const order = left.rank() - right.rank() || compareTableRows(before, after)
    if (order < 0) recorder.removed(before)
    else if (order > 0) recorder.added(after)
    else recorder.both(before, after)
    if (order <= 0) left.next()
    if (order >= 0) right.next()
  }
  return drain(left, recorder.removed) && drain(right, recorder.added) ? recorder.finish() : undefined
}

function drain(side: Side, take: (row: TableRow) => void): boolean {
  for (let row = side.head(); row !== undefined; row = side.head()) {
    take(row)
    side.next()
  }
  return side.isJoinable()
}

/** The sound rows of one document, one after the other. */
interface Side {
  /** The row that is next, valid until the one after it is asked for; undefined at the end. */
  readonly head: () => TableRow | undefined
  /** Which section it stands in. */
  readonly rank: () => number
  readonly next: () => void
  readonly isJoinable: () => boolean
}

/**
 * Only where the two old sections come in order, each sorted and with its own kind of file alone, can no name stand in both, and can a
 * name that has not come yet be known not to come.
 */
const RANKS: ReadonlyMap<string, { readonly rank: number; readonly last: string }> = new Map([['packages', { rank: 0, last: '2' }], ['packages.conda', { rank: 1, last: 'a' }]])

function createSide(source: ByteSource, subdir: SubdirName): Side {
  const columns = createTableColumns(subdir)
  const ranks = { bounds: [0, 0], highest: 0, joinable: true }
  const driver = createScanDriver((batch) => {
    addBatch(columns, batch)
    noteBatch(ranks, batch)
    rows += batch.rows
    const bound = RANKS.get(batch.section)?.rank ?? 0
    for (let rank = bound; rank < 2; rank += 1) ranks.bounds[rank] = rows
  })
  const head: { columns: typeof columns; row: number } = { columns, row: 0 }
  let rows = 0
  let position = 0
  let over = false

  function refill(): void {
    columns.artifacts.names.clear()
    for (const column of [columns.artifacts.digests, columns.artifacts.sizes, columns.artifacts.marks, columns.fingerprints]) column.clear()
    rows = 0
    head.row = 0
    ranks.bounds = [0, 0]
    if (position < source.length) position += feed(source, driver, position)
    else {
      over = true
      assertPlausible(driver.end(), subdir)
    }
  }

  return {
    head() {
      for (;;) {
        if (head.row < rows && (markAt(columns.artifacts, head.row) & FAULT_MASK) === 0) return head
        if (head.row < rows) head.row += 1
        else if (over || !ranks.joinable) return undefined
        else refill()
      }
    },
    rank: () => (head.row < (ranks.bounds[0] ?? 0) ? 0 : 1),
    next() {
      head.row += 1
    },
    isJoinable: () => ranks.joinable,
  }
}

function feed(source: ByteSource, driver: ScanDriver, position: number): number {
  const room = driver.room()
  const part = room.subarray(0, Math.min(room.length, source.length - position))
  readInto(source, part, position)
  driver.filled(part.length)
  return part.length
}

/** Sees whether a batch may be read side by side with another document. */
function noteBatch(ranks: { highest: number; joinable: boolean }, { engine, rows, section }: RowBatch): void {
  const rank = RANKS.get(section)
  if (rank === undefined || rank.rank < ranks.highest) ranks.joinable = false
  else ranks.highest = rank.rank
  const { words, bytes, at } = engine
  const last = rank?.last.charCodeAt(0)
  for (let row = 0; row < rows && ranks.joinable; row += 1) {
    const end = at.names + (words[at.nameEnds / 4 + row] ?? 0)
    const isSorted = ((words[at.rows / 4 + row * ROW_WORDS + ROW_FLAGS] ?? 0) & FLAG_UNSORTED) === 0
    if (!isSorted || bytes[end - 1] !== last) ranks.joinable = false
  }
}
