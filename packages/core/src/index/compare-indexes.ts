import { type ArtifactRow, type ArtifactRows, markAt } from '../artifact/artifact-columns.ts'
import { type ComparedSide, compareTables, type ComparisonRecorder, createComparisonRecorder, joinSides } from './compare-tables.ts'
import { createIndexStepper, type IndexStepper } from '../scanner/index-stepper.ts'
import { assertPlausible, FAULT_MASK, readIndexTable, tabulate } from './index-table.ts'
import type { ByteSource, TableComparison } from './index-types.ts'
import type { RowBatch } from '../scanner/scan-driver.ts'
import { FLAG_UNSORTED, ROW_END, ROW_VALUE, ROW_WORDS } from '../scanner/scanner-engine.ts'
import type { SubdirName } from '../channel/subdir.ts'

/** What `compareIndexes` compares. */
export interface CompareIndexesOptions {
  readonly subdir: SubdirName
  readonly base: ByteSource
  readonly target: ByteSource
}

/**
 * Finds how two documents of one subdir differ, as `compareTables` does with their tables, and with all the errors of
 * `readIndexTable`. Sorted documents are read side by side, which takes no memory but for what differs, and what is the same in both
 * is scanned once; others go through tables.
 */
export function compareIndexes({ subdir, base, target }: CompareIndexesOptions): TableComparison {
  return joinSorted({ subdir, base, target }) ?? compareTables({ base: readIndexTable(base, subdir), target: readIndexTable(target, subdir) })
}

/** Undefined for documents that cannot be read side by side. */
function joinSorted({ subdir, base, target }: CompareIndexesOptions): TableComparison | undefined {
  const recorder = createComparisonRecorder(subdir)
  const verdict = { joinable: true }
  const left = createSide(base, { subdir, verdict })
  const right = createSide(target, { subdir, verdict })
  joinSides({ base: left, target: followSide(right, left, recorder), haveSameRecord }, recorder)
  return verdict.joinable ? recorder.finish() : undefined
}

/**
 * Only where the two old sections come in order, each sorted and with its own kind of file alone, can no name stand in both, and can a
 * name that has not come yet be known not to come.
 */
const RANKS: ReadonlyMap<string, { readonly rank: number; readonly last: number }> = new Map([['packages', { rank: 0, last: allEndIn('2') }], ['packages.conda', { rank: 1, last: allEndIn('a') }]])

/** What `lasts` says where all names end in that letter. */
function allEndIn(letter: string): number {
  return letter.charCodeAt(0) * 257
}

interface SideRow extends ArtifactRow {
  batch: RowBatch
  row: number
}

interface IndexSide extends ComparedSide<SideRow> {
  readonly stepper: IndexStepper
  /** The next sound row of the batch at hand. */
  readonly present: () => SideRow | undefined
  /** Reads the next batch; false at the end. Both sides end as soon as one of them cannot be joined. */
  readonly refill: (little: boolean) => boolean
}

interface SideContext {
  readonly subdir: SubdirName
  readonly verdict: { joinable: boolean }
}

/** The sound rows of one document. */
function createSide(source: ByteSource, { subdir, verdict }: SideContext): IndexSide {
  const stepper = createIndexStepper(source)
  let head: SideRow | undefined
  let rank = 0
  let over = false

  function take(batch: RowBatch): void {
    tabulate(batch, { rest: false })
    const next = RANKS.get(batch.section)?.rank ?? -1
    if (next < rank || !isJoinable(batch)) verdict.joinable = false
    rank = next
    head ??= { columns: viewColumns(subdir, batch), batch, row: 0 }
    head.batch = batch
    head.row = 0
  }

  const side: IndexSide = {
    stepper,
    present() {
      if (head === undefined) return undefined
      while (head.row < head.batch.rows && (markAt(head.columns, head.row) & FAULT_MASK) !== 0) head.row += 1
      return head.row < head.batch.rows ? head : undefined
    },
    refill(little) {
      if (over || !verdict.joinable) return false
      const batch = stepper.next(little)
      over = batch === undefined
      if (batch === undefined) assertPlausible(stepper.end(), subdir)
      else take(batch)
      return verdict.joinable && !over
    },
    head() {
      let found = side.present()
      while (found === undefined && side.refill(false)) found = side.present()
      return verdict.joinable ? found : undefined
    },
    next() {
      if (head !== undefined) head.row += 1
    },
    rank: () => rank,
  }
  return side
}

/** A side that passes what stands in the other one too, and scans the rest in small steps. */
function followSide(side: IndexSide, leader: IndexSide, recorder: ComparisonRecorder): ComparedSide<SideRow> {
  function passAll(): void {
    for (let row = leader.head(); row !== undefined; row = leader.head()) {
      const rows = side.stepper.pass(row.batch, row.row)
      if (rows === 0) return
      recorder.unchanged(countSound(row, rows))
      row.row += rows
    }
  }

  return {
    ...side,
    head() {
      let found = side.present()
      while (found === undefined) {
        passAll()
        if (!side.refill(true)) return undefined
        found = side.present()
      }
      return found
    },
  }
}

function countSound({ columns, batch, row }: SideRow, rows: number): number {
  if (batch.engine.calls.attention() === 0) return rows
  let sound = 0
  for (let at = row; at < row + rows; at += 1) if ((markAt(columns, at) & FAULT_MASK) === 0) sound += 1
  return sound
}

/** The columns of an engine as they stand in its memory, for the batch at hand. */
function viewColumns(subdir: SubdirName, { engine }: RowBatch): ArtifactRows {
  const { at } = engine
  const startOf = (row: number): number => at.names + (row === 0 ? 0 : (engine.words[at.nameEnds / 4 + row - 1] ?? 0))
  const endOf = (row: number): number => at.names + (engine.words[at.nameEnds / 4 + row] ?? 0)
  return {
    subdir,
    names: { bytesOf: () => engine.bytes, startOf, endOf, text: (row) => engine.bytes.toString('utf8', startOf(row), endOf(row)) },
    digests: { chunk: () => engine.bytes, cell: (row) => at.digests + row * 32 },
    sizes: { chunk: () => engine.doubles, cell: (row) => at.sizes / 8 + row },
    marks: { chunk: () => engine.bytes, cell: (row) => at.marks + row },
  }
}

function haveSameRecord({ batch: { engine: a }, row: left }: SideRow, { batch: { engine: b }, row: right }: SideRow): boolean {
  const i = a.at.rows / 4 + left * ROW_WORDS
  const k = b.at.rows / 4 + right * ROW_WORDS
  const { window } = b.at
  const start = a.at.window + (a.words[i + ROW_VALUE] ?? 0)
  const end = a.at.window + (a.words[i + ROW_END] ?? 0)
  return a.bytes.compare(b.bytes, window + (b.words[k + ROW_VALUE] ?? 0), window + (b.words[k + ROW_END] ?? 0), start, end) === 0
}

function isJoinable({ engine: { calls }, section }: RowBatch): boolean {
  return (calls.flagged() & FLAG_UNSORTED) === 0 && calls.lasts() === RANKS.get(section)?.last
}
