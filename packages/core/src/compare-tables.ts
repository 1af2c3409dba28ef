import { type ArtifactColumns, appendRow, createArtifactColumns, haveSameBytes } from './artifact-columns.ts'
import { allRows, createSetOfRows, sortedRows } from './artifact-set.ts'
import { compareBytes, rangeOf } from './columns.ts'
import { soundRows, type TableColumns, tableColumns } from './index-table.ts'
import type { IndexTable, TableComparison } from './index-types.ts'
import type { SubdirName } from './subdir.ts'

/** What `compareTables` compares. */
export interface CompareTablesOptions {
  readonly base: IndexTable
  readonly target: IndexTable
  /** Rows of the target that count, non-zero; without it all do. */
  readonly keep?: Uint8Array | undefined
}

/**
 * Finds how two indexes of one subdir differ: by name, then by digest and size, then by the bytes of the record. Rows with faults
 * are as if they were not there. One pass over both where they are sorted. Throws `INDEX_IMPLAUSIBLE` for a name that one of the
 * tables has with two digests. Where no tables are at hand, `compareIndexes` needs less memory.
 */
export function compareTables({ base, target, keep }: CompareTablesOptions): TableComparison {
  const left = tableColumns(base)
  const right = tableColumns(target)
  const before = sortedRows(left.artifacts, soundRows(left.artifacts, base.rows))
  const after = sortedRows(right.artifacts, soundRows(right.artifacts, target.rows, keep))
  const recorder = createComparisonRecorder(target.subdir)
  joinSides(createTableSide(left, before), createTableSide(right, after), recorder)
  return recorder.finish()
}

/** A row of a table. */
export interface TableRow {
  readonly columns: TableColumns
  readonly row: number
}

/** Rows in order, one after the other. */
export interface ComparedSide {
  /** The row that is next, valid until the one after it is asked for; undefined at the end. */
  readonly head: () => TableRow | undefined
  readonly next: () => void
  /** Which stretch the row stands in: stretches are compared one by one, names inside of them. */
  readonly rank: () => number
}

function createTableSide(columns: TableColumns, rows: Uint32Array): ComparedSide {
  const head: { columns: TableColumns; row: number } = { columns, row: 0 }
  let at = 0
  return {
    head() {
      if (at >= rows.length) return undefined
      head.row = rows[at] ?? 0
      return head
    },
    next() {
      at += 1
    },
    rank: () => 0,
  }
}

/** Walks two sides together and tells the recorder what it finds. */
export function joinSides(base: ComparedSide, target: ComparedSide, recorder: ComparisonRecorder): void {
  let before = base.head()
  let after = target.head()
  while (before !== undefined && after !== undefined) {
    const order = base.rank() - target.rank() || compareRowNames(before, after)
    if (order < 0) recorder.removed(before)
    else if (order > 0) recorder.added(after)
    else recorder.both(before, after)
    if (order <= 0) before = advance(base)
    if (order >= 0) after = advance(target)
  }
  for (; before !== undefined; before = advance(base)) recorder.removed(before)
  for (; after !== undefined; after = advance(target)) recorder.added(after)
}

function advance(side: ComparedSide): TableRow | undefined {
  side.next()
  return side.head()
}

function compareRowNames(left: TableRow, right: TableRow): number {
  return compareBytes(rangeOf(left.columns.artifacts.names, left.row), rangeOf(right.columns.artifacts.names, right.row))
}

/** Takes what a comparison finds. */
export interface ComparisonRecorder {
  readonly added: (row: TableRow) => void
  readonly removed: (row: TableRow) => void
  readonly both: (before: TableRow, after: TableRow) => void
  readonly finish: () => TableComparison
}

/** Creates an empty recorder: it copies the rows that differ. */
export function createComparisonRecorder(subdir: SubdirName): ComparisonRecorder {
  const found = { added: createRows(subdir), removed: createRows(subdir), before: createRows(subdir), after: createRows(subdir) }
  let relisted = 0
  let unchanged = 0
  return {
    added: found.added.add,
    removed: found.removed.add,
    both(before, after) {
      if (haveSameRecord(before, after)) unchanged += 1
      else if (haveSameBytes({ columns: before.columns.artifacts, row: before.row }, { columns: after.columns.artifacts, row: after.row })) relisted += 1
      else {
        found.before.add(before)
        found.after.add(after)
      }
    },
    finish: () => ({
      added: found.added.finish(),
      removed: found.removed.finish(),
      replaced: { before: found.before.finish(), after: found.after.finish() },
      relisted,
      unchanged,
    }),
  }
}

/** Equal bytes of a record say the same of its artifact. */
function haveSameRecord(left: TableRow, right: TableRow): boolean {
  const a = left.columns.fingerprints.chunk(left.row)
  const b = right.columns.fingerprints.chunk(right.row)
  const i = left.columns.fingerprints.cell(left.row)
  const k = right.columns.fingerprints.cell(right.row)
  return a[i] === b[k] && a[i + 1] === b[k + 1]
}

interface Rows {
  readonly add: (row: TableRow) => void
  readonly finish: () => ReturnType<typeof createSetOfRows>
}

function createRows(subdir: SubdirName): Rows {
  const columns: ArtifactColumns = createArtifactColumns(subdir)
  let count = 0
  return {
    add({ columns: from, row }) {
      appendRow(columns, from.artifacts, row)
      count += 1
    },
    finish: () => createSetOfRows(columns, allRows(count)),
  }
}
