import { markAt } from './artifact-columns.ts'
import { readInto } from './byte-source.ts'
import { type ComparedSide, compareTables, createComparisonRecorder, joinSides } from './compare-tables.ts'
import { addBatch, assertPlausible, createTableColumns, FAULT_MASK, readIndexTable, type TableColumns } from './index-table.ts'
import type { ByteSource, TableComparison } from './index-types.ts'
import { createScanDriver, type RowBatch, type ScanDriver } from './scan-driver.ts'
import { FLAG_UNSORTED } from './scanner-engine.ts'
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
  const recorder = createComparisonRecorder(subdir)
  const verdict = { joinable: true }
  joinSides(createSide(base, subdir, verdict), createSide(target, subdir, verdict), recorder)
  return verdict.joinable ? recorder.finish() : undefined
}

/**
 * Only where the two old sections come in order, each sorted and with its own kind of file alone, can no name stand in both, and can a
 * name that has not come yet be known not to come.
 */
const RANKS: ReadonlyMap<string, { readonly rank: number; readonly last: string }> = new Map([['packages', { rank: 0, last: '2' }], ['packages.conda', { rank: 1, last: 'a' }]])

/** The sound rows of one document. Both sides end as soon as one of them cannot be joined. */
function createSide(source: ByteSource, subdir: SubdirName, verdict: { joinable: boolean }): ComparedSide {
  const columns = createTableColumns(subdir)
  const head: { columns: TableColumns; row: number } = { columns, row: 0 }
  let rows = 0
  let lowRows = 0
  let highest = 0
  let position = 0
  let over = false
  const driver = createScanDriver((batch) => {
    addBatch(columns, batch)
    const rank = RANKS.get(batch.section)?.rank ?? -1
    if (rank < highest || !isJoinable(batch)) verdict.joinable = false
    highest = rank
    rows += batch.rows
    if (rank === 0) lowRows = rows
  })

  function refill(): void {
    clearColumns(columns)
    rows = 0
    lowRows = 0
    head.row = 0
    if (position < source.length) position += feed(source, driver, position)
    else {
      over = true
      assertPlausible(driver.end(), subdir)
    }
  }

  return {
    head() {
      for (;;) {
        if (!verdict.joinable) return undefined
        if (head.row < rows && (markAt(columns.artifacts, head.row) & FAULT_MASK) === 0) return head
        if (head.row < rows) head.row += 1
        else if (over) return undefined
        else refill()
      }
    },
    next() {
      head.row += 1
    },
    rank: () => (head.row < lowRows ? 0 : 1),
  }
}

function clearColumns({ artifacts, fingerprints }: TableColumns): void {
  artifacts.names.clear()
  for (const column of [artifacts.digests, artifacts.sizes, artifacts.marks, fingerprints]) column.clear()
}

function feed(source: ByteSource, driver: ScanDriver, position: number): number {
  const room = driver.room()
  const part = room.subarray(0, Math.min(room.length, source.length - position))
  readInto(source, part, position)
  driver.filled(part.length)
  return part.length
}

function isJoinable({ engine, rows, section }: RowBatch): boolean {
  const { words, bytes, at, calls } = engine
  if ((calls.flagged() & FLAG_UNSORTED) !== 0) return false
  const last = RANKS.get(section)?.last.charCodeAt(0)
  for (let row = 0; row < rows; row += 1) {
    const end = at.names + (words[at.nameEnds / 4 + row] ?? 0)
    if (bytes[end - 1] !== last) return false
  }
  return true
}
