import { haveSameDigest, sizeAt } from './artifact-columns.ts'
import { copyRows, sortedRows } from './artifact-set.ts'
import { compareNameRows } from './columns.ts'
import { soundRows, type TableColumns, tableColumns } from './index-table.ts'
import type { IndexTable, TableComparison } from './index-types.ts'

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
 * tables has with two digests.
 */
export function compareTables({ base, target, keep }: CompareTablesOptions): TableComparison {
  const left = tableColumns(base)
  const right = tableColumns(target)
  const before = sortedRows(left.artifacts, soundRows(left.artifacts, base.rows))
  const after = sortedRows(right.artifacts, soundRows(right.artifacts, target.rows, keep))
  const found = join({ columns: left, rows: before }, { columns: right, rows: after })
  return {
    added: copyRows(right.artifacts, found.added),
    removed: copyRows(left.artifacts, found.removed),
    replaced: { before: copyRows(left.artifacts, found.replacedBefore), after: copyRows(right.artifacts, found.replacedAfter) },
    relisted: found.relisted,
    unchanged: found.unchanged,
  }
}

interface Side {
  readonly columns: TableColumns
  readonly rows: Uint32Array
}

interface Joined {
  readonly added: number[]
  readonly removed: number[]
  readonly replacedBefore: number[]
  readonly replacedAfter: number[]
  relisted: number
  unchanged: number
}

function join(base: Side, target: Side): Joined {
  const found: Joined = { added: [], removed: [], replacedBefore: [], replacedAfter: [], relisted: 0, unchanged: 0 }
  let left = 0
  let right = 0
  for (;;) {
    const baseRow = base.rows[left]
    const targetRow = target.rows[right]
    if (baseRow === undefined && targetRow === undefined) return found
    const order = compareHeads(base, baseRow, target, targetRow)
    if (order < 0) found.removed.push(baseRow ?? 0)
    else if (order > 0) found.added.push(targetRow ?? 0)
    else compareRecords(found, base.columns, baseRow ?? 0, target.columns, targetRow ?? 0)
    if (order <= 0) left += 1
    if (order >= 0) right += 1
  }
}

function compareHeads(base: Side, baseRow: number | undefined, target: Side, targetRow: number | undefined): number {
  if (baseRow === undefined) return 1
  if (targetRow === undefined) return -1
  return compareNameRows(base.columns.artifacts.names, baseRow, target.columns.artifacts.names, targetRow)
}

function compareRecords(found: Joined, left: TableColumns, baseRow: number, right: TableColumns, targetRow: number): void {
  if (!haveSameDigest(left.artifacts, baseRow, right.artifacts, targetRow) || sizeAt(left.artifacts, baseRow) !== sizeAt(right.artifacts, targetRow)) {
    found.replacedBefore.push(baseRow)
    found.replacedAfter.push(targetRow)
  } else if (fingerprintOf(left, baseRow) === fingerprintOf(right, targetRow)) found.unchanged += 1
  else found.relisted += 1
}

function fingerprintOf(columns: TableColumns, row: number): bigint {
  return columns.fingerprints.chunk(row)[columns.fingerprints.cell(row)] ?? 0n
}
