import { type RecordView, scanIndex } from '@mirror/core'
import { closeOver, type CloseOverOptions } from './closure/close-over.ts'
import type { ClosureChoice } from './closure/closure-types.ts'
import { createDecisions, type Decisions } from './decisions.ts'
import { createRecordColumns, type RecordColumns } from './records/record-columns.ts'
import { createRecordCursor } from './records/record-cursor.ts'
import { readRecordRows } from './records/record-rows.ts'
import { readSize } from './records/record-columns.ts'
import { dropOld, dropTwins, groupByName } from './rules/group-rules.ts'
import { createRecordRules, type RecordRules } from './rules/record-rules.ts'
import { codeOf, NOBODY } from './rules/rule-codes.ts'
import type { SelectableIndex } from './selectable-index.ts'
import type { Selected } from './selected.ts'
import type { Selection } from './selection.ts'

/** What selecting depends on beside the indexes and the selection. */
export interface SelectRecordsOptions {
  /** Milliseconds since the epoch: what ages are counted from. */
  readonly now: number
  /** The channel's name or URL, for match specs that ask for one. Without it they go by what records say, which is mostly nothing. */
  readonly channel?: string | undefined
  /** Records of other channels that are used together with this one, for the closure. */
  readonly alongside?: CloseOverOptions['alongside']
}

/** A subdir while it is worked on. */
interface Selecting {
  readonly index: SelectableIndex
  readonly decisions: Decisions
  readonly columns: RecordColumns | undefined
}

const CLOSURE = codeOf('closure')

/**
 * Decides which records of a channel's indexes are wanted. The same input gives the same answer.
 *
 * Each index is scanned once; a record is parsed only where a rule needs a field that the scan does not note, and nothing cheaper has left the record out. In memory are
 * 2 bytes a record, and about 20 more with `latest` or a preferred format. No record makes it throw: a field that is missing, or of another type than expected, is absent.
 *
 * - Names are equal without regard to case. An empty list is no rule.
 * - A record without a size is not too big; one without a build number has 0; what is no version is older than all that are.
 * - A file that is neither `.conda` nor `.tar.bz2` is of no format, and `formats` leaves it alone.
 *
 * Throws `CLOSURE_UNSOLVABLE`, and what `scanIndex` throws where a document is not what it was when its layout was made.
 */
export function selectRecords(indexes: readonly SelectableIndex[], selection: Selection, options: SelectRecordsOptions): Selected {
  const rules = createRecordRules(selection, options.now)
  const all = indexes.map((index) => (hasRecordRules(selection) ? scanRecords({ index, rules, selection, channel: options.channel }) : createSelecting(index, selection)))
  compareRecords(all, rules, selection)
  const closureNotes = selection.closure === undefined ? [] : keepClosed(all, selection.closure, options)
  return {
    subdirs: new Map(all.map(({ index: { subdir }, decisions }) => [subdir, decisions.finish(subdir)])),
    changesAt: rules.changesAt(),
    notes: [...rules.notes(), ...closureNotes],
  }
}

interface Scanning {
  readonly index: SelectableIndex
  readonly rules: RecordRules
  readonly selection: Selection
  readonly channel: string | undefined
}

/** Whether any rule but the closure has something to say. */
function hasRecordRules({ closure: _closure, undated: _undated, ...rules }: Selection): boolean {
  return Object.values(rules).some((rule) => rule !== undefined && !(Array.isArray(rule) && rule.length === 0))
}

function createSelecting(index: SelectableIndex, selection: Selection): Selecting {
  const { rows } = index.layout
  return { index, decisions: createDecisions(rows, { includeAddsBack: (selection.exclude?.length ?? 0) > 0 }), columns: createRecordColumns(selection, rows) }
}

/** The rules that look at one record at a time. */
function scanRecords({ index, rules, selection, channel }: Scanning): Selecting {
  const { decisions, columns } = createSelecting(index, selection)
  const cursor = createRecordCursor({ subdir: index.subdir, channel, names: rules.names, versions: rules.versions })
  let row = 0

  function visit(view: RecordView): void {
    cursor.moveTo(view)
    const { code, isOut } = rules.decide(cursor)
    if (code !== NOBODY) decisions.decide(row, code, readSize(cursor) ?? 0)
    if (!isOut) columns?.note(row, cursor)
    row += 1
  }

  scanIndex(index.source, { record: visit })
  if (row !== decisions.rows) throw new RangeError(`The index of ${index.subdir} has ${row} records, its layout ${decisions.rows}`)
  return { index, decisions, columns }
}

/** The rules that compare the records of a name. */
function compareRecords(all: readonly Selecting[], { names, versions }: RecordRules, { formats, latest }: Selection): void {
  const ranks = latest === undefined ? undefined : versions.ranks()
  for (const { decisions, columns } of all) {
    if (columns === undefined) continue
    const groups = groupByName(decisions, { columns, names: names.count() })
    if (formats?.prefer !== undefined) dropTwins(groups, formats.prefer)
    if (latest !== undefined && ranks !== undefined) dropOld(groups, latest, ranks)
  }
}

/** The rule that looks at all that is left; gives its notes. */
function keepClosed(all: readonly Selecting[], choice: ClosureChoice, { channel, alongside }: SelectRecordsOptions): readonly string[] {
  const rows = all.map(({ index }) => readRecordRows(index))
  const keep = new Map(all.map(({ index, decisions }) => [index.subdir, decisions.keep()]))
  const closed = closeOver(rows, { choice, keep, channel, alongside })
  all.forEach(({ index, decisions }, at) => {
    const wanted = closed.keep.get(index.subdir)
    for (let row = 0; row < decisions.rows; row += 1) {
      if (!decisions.isKept(row) || (wanted?.[row] ?? 0) !== 0) continue
      decisions.decide(row, CLOSURE, sizeOf(rows[at]?.recordAt(row)))
    }
  })
  return closed.notes
}

function sizeOf(record: Readonly<Record<string, unknown>> | undefined): number {
  const size = record?.['size']
  return typeof size === 'number' && Number.isInteger(size) && size >= 0 ? size : 0
}

