import type { IndexSink, RecordView, SubdirName } from '@mirror/core'
import { createDecisions, type Decisions } from './decisions.ts'
import { createRecordColumns, readSize, type RecordColumns } from './records/record-columns.ts'
import { createRecordCursor } from './records/record-cursor.ts'
import { dropOld, dropTwins } from './rules/group-rules.ts'
import { createRecordRules, type RecordRules } from './rules/record-rules.ts'
import { NOBODY } from './rules/rule-codes.ts'
import type { Selection } from './selection.ts'

/** What decides the records of one subdir while a scan passes them. */
export interface SubdirSelector {
  readonly subdir: SubdirName
  /** For one scan of the whole index; without rules that look at records it looks at none. */
  readonly sink: IndexSink
  readonly decisions: Decisions
  readonly rules: RecordRules
  /** Says that the scan is over, and how many rows its index has; applies the rules that compare the records of a name. */
  readonly compare: (rows: number) => void
}

/** What a selector is made for. */
export interface SubdirSelectorOptions {
  readonly subdir: SubdirName
  readonly selection: Selection
  readonly now: number
  readonly channel: string | undefined
}

/** Creates a selector that has seen nothing yet. */
export function createSubdirSelector({ subdir, selection, now, channel }: SubdirSelectorOptions): SubdirSelector {
  const rules = createRecordRules(selection, now)
  const decisions = createDecisions({ includeAddsBack: (selection.exclude?.length ?? 0) > 0 })
  const columns = createRecordColumns(selection)
  const cursor = createRecordCursor({ subdir, channel, names: rules.names, versions: rules.versions })
  const isAsked = hasRecordRules(selection)
  let row = 0

  function record(view: RecordView): void {
    cursor.moveTo(view)
    const { code, isOut } = rules.decide(cursor)
    if (code !== NOBODY) decisions.decide(row, code, readSize(cursor) ?? 0)
    if (!isOut) columns?.note(row, cursor)
    row += 1
  }

  return {
    subdir,
    sink: isAsked ? { record } : {},
    decisions,
    rules,
    compare(rows) {
      if (isAsked && row !== rows) throw new RangeError(`The index of ${subdir} has ${row} records, its layout ${rows}`)
      decisions.seal(rows)
      if (columns !== undefined) compareRecords(columns, { decisions, rules, selection })
      columns?.clear()
    },
  }
}

/** Whether any rule but the closure has something to say. */
function hasRecordRules({ closure: _closure, undated: _undated, ...rules }: Selection): boolean {
  return Object.values(rules).some((rule) => rule !== undefined && !(Array.isArray(rule) && rule.length === 0))
}

interface Comparing {
  readonly decisions: Decisions
  readonly rules: RecordRules
  readonly selection: Selection
}

function compareRecords(columns: RecordColumns, { decisions, rules, selection: { formats, latest } }: Comparing): void {
  const groups = { decisions, columns }
  if (formats?.prefer !== undefined) dropTwins(groups, formats.prefer)
  if (latest !== undefined) dropOld(groups, latest, rules.versions.ranks())
}
