import { type ArtifactColumns, type ArtifactRow, appendRow, createArtifactColumns, haveSameBytes } from '../artifact/artifact-columns.ts'
import { type ArtifactSet, createSetOfDistinct, sortedRows } from '../artifact/artifact-set.ts'
import { compareBytes, rangeOf } from '../columns/columns.ts'
import { soundRows, type TableColumns, tableColumns } from './index-table.ts'
import type { IndexTable, TableComparison } from './index-types.ts'
import type { SubdirName } from '../channel/subdir.ts'

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
  // All of a first index is new: a view on it, not a copy.
  if (base.rows === 0) return { ...createComparisonRecorder(target.subdir).finish(), added: target.artifacts(keep) }
  const left = tableColumns(base)
  const right = tableColumns(target)
  const before = sortedRows(left.artifacts, soundRows(left.artifacts, base.rows))
  const after = sortedRows(right.artifacts, soundRows(right.artifacts, target.rows, keep))
  const recorder = createComparisonRecorder(target.subdir)
  joinSides({ base: createTableSide(left, before), target: createTableSide(right, after), haveSameRecord }, recorder)
  return recorder.finish()
}

/** A row of a table. */
interface TableRow extends ArtifactRow {
  readonly fingerprints: TableColumns['fingerprints']
}

/** Rows in order, one after the other. */
export interface ComparedSide<T extends ArtifactRow> {
  /** The row that is next, valid until the one after it is asked for; undefined at the end. */
  readonly head: () => T | undefined
  readonly next: () => void
  /** Which stretch the row stands in: stretches are compared one by one, names inside of them. */
  readonly rank: () => number
}

function createTableSide({ artifacts, fingerprints }: TableColumns, rows: Uint32Array): ComparedSide<TableRow> {
  const head = { columns: artifacts, fingerprints, row: 0 }
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

/** What is compared, and how: by the bytes of records, of which equal ones say the same of their artifact. */
export interface ComparedSides<T extends ArtifactRow> {
  readonly base: ComparedSide<T>
  readonly target: ComparedSide<T>
  readonly haveSameRecord: (before: T, after: T) => boolean
}

/** Walks two sides together and tells the recorder what it finds. The target is asked first: it may move the base on. */
export function joinSides<T extends ArtifactRow>(sides: ComparedSides<T>, recorder: ComparisonRecorder): void {
  const { base, target } = sides
  for (;;) {
    const after = target.head()
    const before = base.head()
    if (before === undefined && after === undefined) return
    const order = orderOf(before, after, () => base.rank() - target.rank())
    recordHeads({ sides, order, before, after }, recorder)
    if (order <= 0) base.next()
    if (order >= 0) target.next()
  }
}

interface Heads<T extends ArtifactRow> {
  readonly sides: ComparedSides<T>
  readonly order: number
  readonly before: T | undefined
  readonly after: T | undefined
}

function recordHeads<T extends ArtifactRow>({ sides, order, before, after }: Heads<T>, recorder: ComparisonRecorder): void {
  if (order < 0 && before !== undefined) recorder.removed(before)
  else if (order > 0 && after !== undefined) recorder.added(after)
  else if (before !== undefined && after !== undefined) recorder.both({ before, after, same: sides.haveSameRecord(before, after) })
}

function orderOf(before: ArtifactRow | undefined, after: ArtifactRow | undefined, compareRanks: () => number): number {
  if (before === undefined) return 1
  if (after === undefined) return -1
  return compareRanks() || compareRowNames(before, after)
}

function compareRowNames(left: ArtifactRow, right: ArtifactRow): number {
  return compareBytes(rangeOf(left.columns.names, left.row), rangeOf(right.columns.names, right.row))
}

/** One name in both. */
export interface ComparedPair {
  readonly before: ArtifactRow
  readonly after: ArtifactRow
  /** The records are the same. */
  readonly same: boolean
}

/** Takes what a comparison finds. */
export interface ComparisonRecorder {
  readonly added: (row: ArtifactRow) => void
  readonly removed: (row: ArtifactRow) => void
  readonly both: (pair: ComparedPair) => void
  /** Counts names whose records are known to be the same. */
  readonly unchanged: (count: number) => void
  readonly finish: () => TableComparison
}

/** All of them may be a million, when upstream corrects a field of each record. */
const RELISTED_SHOWN = 5000

/** Creates an empty recorder: it copies the rows that differ. */
export function createComparisonRecorder(subdir: SubdirName): ComparisonRecorder {
  const found = { added: createRows(subdir), removed: createRows(subdir), before: createRows(subdir), after: createRows(subdir), relisted: createRows(subdir) }
  let relisted = 0
  let unchanged = 0
  return {
    added: found.added.add,
    removed: found.removed.add,
    both({ before, after, same }) {
      if (same) unchanged += 1
      else if (haveSameBytes(before, after)) {
        if (relisted < RELISTED_SHOWN) found.relisted.add(after)
        relisted += 1
      } else {
        found.before.add(before)
        found.after.add(after)
      }
    },
    unchanged(count) {
      unchanged += count
    },
    finish: () => ({
      added: found.added.finish(),
      removed: found.removed.finish(),
      replaced: { before: found.before.finish(), after: found.after.finish() },
      relisted,
      relistedSome: found.relisted.finish(),
      unchanged,
    }),
  }
}

function haveSameRecord(left: TableRow, right: TableRow): boolean {
  const a = left.fingerprints.chunk(left.row)
  const b = right.fingerprints.chunk(right.row)
  const i = left.fingerprints.cell(left.row)
  const k = right.fingerprints.cell(right.row)
  return a[i] === b[k] && a[i + 1] === b[k + 1]
}

interface Rows {
  readonly add: (row: ArtifactRow) => void
  readonly finish: () => ArtifactSet
}

function createRows(subdir: SubdirName): Rows {
  const columns: ArtifactColumns = createArtifactColumns(subdir)
  let count = 0
  return {
    add({ columns: from, row }) {
      appendRow(columns, from, row)
      count += 1
    },
    finish: () => createSetOfDistinct(columns, count),
  }
}
