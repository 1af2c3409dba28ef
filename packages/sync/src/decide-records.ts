import { type ArtifactSet, compareTables, createArtifactSet, type IndexTable, readIndexTable, type TableComparison } from '@mirror/core'
import type { ReusePolicy } from './options.ts'
import type { LeftOut } from './report.ts'
import type { WaitingName } from './upstream-memo.ts'

/** Which records of upstream are published, and how that differs from what is published now. */
export interface RecordDecision {
  /** Rows of upstream's index, non-zero = published; undefined = all of them. */
  readonly keep: Uint8Array | undefined
  /** Rows of the base's index that stay as they were (`reuse: keep`); undefined = none. */
  readonly carried: Uint8Array | undefined
  /** What flat readers see while the bytes of re-used names change: `keep` without those names; undefined when none change. */
  readonly interim: Uint8Array | undefined
  readonly comparison: TableComparison
  readonly leftOut: readonly LeftOut[]
  /** Re-used names that wait for the old bytes to go. */
  readonly waiting: readonly WaitingName[]
}

/** What `decideRecords` looks at. */
export interface DecideRecordsOptions {
  readonly target: IndexTable
  /** Rows of the target that are wanted, non-zero; undefined = all of them. */
  readonly selected?: Uint8Array | undefined
  /** What is published now; undefined for a subdir that is new. */
  readonly base: IndexTable | undefined
  readonly reuse: ReusePolicy
  /** Names that waited after the last run. */
  readonly waiting: readonly WaitingName[]
  /** Names whose bytes could not be had, to publish without. */
  readonly failed: ReadonlySet<string>
  /** Milliseconds since the epoch, and how long un-referenced bytes are kept. */
  readonly now: number
  readonly grace: number
}

/** Decides what of upstream's index is published. Pure. */
export function decideRecords(options: DecideRecordsOptions): RecordDecision {
  const { target, base, failed, now } = options
  const stillWaiting = options.waiting.filter((name) => name.until > now)
  const leftOut: LeftOut[] = [
    ...target.faults.filter(({ row }) => options.selected?.[row] !== 0).map(({ key, fault }) => ({ name: key, reason: fault })),
    ...[...failed].map((name) => ({ name, reason: 'failed' as const })),
    ...stillWaiting.map(({ name }) => ({ name, reason: 'reused' as const })),
  ]
  const keep = withoutNames(target, soundRows(target, options.selected), new Set([...failed, ...stillWaiting.map(({ name }) => name)]))
  const comparison = compareTables({ base: base ?? readIndexTable(new Uint8Array(), target.subdir), target, keep })
  const plain = { keep, carried: undefined, interim: undefined, comparison, leftOut, waiting: stillWaiting }
  if (base === undefined || comparison.replaced.after.count === 0) return plain
  const names = namesOf(comparison.replaced.after)
  if (options.reuse === 'replace') return { ...plain, interim: withoutNames(target, keep, names) }
  return withoutReplacing(plain, names, { ...options, base })
}

/** The policies that do not change bytes now: the names are left out, or stay as they were. */
function withoutReplacing(plain: RecordDecision, names: ReadonlySet<string>, options: DecideRecordsOptions & { readonly base: IndexTable }): RecordDecision {
  const { target, base, reuse, now, grace } = options
  const keep = withoutNames(target, plain.keep, names)
  const comparison = compareTables({ base, target, keep })
  const leftOut = [...plain.leftOut, ...[...names].map((name) => ({ name, reason: 'reused' as const }))]
  if (reuse === 'keep') {
    return { ...plain, keep, carried: rowsNamed(base, names), comparison: { ...comparison, removed: setWithout(comparison.removed, names) }, leftOut }
  }
  const waiting = reuse === 'after-grace' ? [...plain.waiting, ...[...names].map((name) => ({ name, until: now + grace }))] : plain.waiting
  return { ...plain, keep, comparison, leftOut, waiting }
}

/** The wanted rows that can be mirrored; undefined when those are all. */
function soundRows(table: IndexTable, selected: Uint8Array | undefined): Uint8Array | undefined {
  if (table.faults.length === 0) return selected
  const keep = selected?.slice() ?? new Uint8Array(table.rows).fill(1)
  for (const { row } of table.faults) keep[row] = 0
  return keep
}

function withoutNames(table: IndexTable, keep: Uint8Array | undefined, names: ReadonlySet<string>): Uint8Array | undefined {
  if (names.size === 0) return keep
  const rest = keep?.slice() ?? new Uint8Array(table.rows).fill(1)
  for (let row = 0; row < table.rows; row += 1) {
    if (rest[row] !== 0 && names.has(table.keyAt(row))) rest[row] = 0
  }
  return rest
}

function rowsNamed(table: IndexTable, names: ReadonlySet<string>): Uint8Array {
  const rows = new Uint8Array(table.rows)
  for (let row = 0; row < table.rows; row += 1) rows[row] = names.has(table.keyAt(row)) ? 1 : 0
  return rows
}

function namesOf(artifacts: ArtifactSet): ReadonlySet<string> {
  return new Set([...artifacts].map((artifact) => artifact.name))
}

function setWithout(artifacts: ArtifactSet, names: ReadonlySet<string>): ArtifactSet {
  return createArtifactSet(artifacts.subdir, [...artifacts].filter((artifact) => !names.has(artifact.name)))
}
