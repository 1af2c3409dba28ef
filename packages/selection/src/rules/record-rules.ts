import type { RecordCursor } from '../records/record-cursor.ts'
import { createTexts, type Texts } from '../records/texts.ts'
import { createVersionTexts, type VersionTexts } from '../records/version-texts.ts'
import { readSize } from '../records/record-columns.ts'
import type { Selection } from '../selection.ts'
import { createLicenceVerdict, createPythonVerdict, type DearRule } from './dear-rules.ts'
import { allowedFormats, readFormat } from './format-rules.ts'
import { createNameRules, type NameRules, type NameVerdict } from './name-rules.ts'
import { codeOf, NOBODY } from './rule-codes.ts'
import { createSpecRules, type SpecCandidates, type SpecRules } from './spec-rules.ts'
import { createTimeRules, readTime, type TimeRules } from './time-rules.ts'

/** The rules that look at one record at a time. */
export interface RecordRules {
  readonly names: Texts
  readonly versions: VersionTexts
  /** The verdict on the record that the cursor is at. The same object for every record. */
  readonly decide: (cursor: RecordCursor) => Verdict
  readonly changesAt: () => number | undefined
  readonly notes: () => readonly string[]
}

/** What becomes of a record. */
export interface Verdict {
  /** The rule that decided, or `NOBODY`. */
  code: number
  isOut: boolean
}

const LICENSE = codeOf('license_blacklist')
const WHITELIST = codeOf('whitelist')
const PYTHON = codeOf('python_versions')
const MAXIMUM_SIZE = codeOf('maximum_size')
const MINIMUM_AGE = codeOf('minimum_age')
const FORMATS = codeOf('formats')

/** What the rules know of a name. */
interface KnownName extends NameVerdict {
  readonly candidates: SpecCandidates | undefined
}

interface Rules {
  readonly maximumSize: number | undefined
  readonly allowed: readonly boolean[] | undefined
  readonly name: NameRules
  readonly specs: SpecRules | undefined
  readonly times: TimeRules | undefined
  readonly licence: DearRule | undefined
  readonly python: DearRule | undefined
}

function createRules(selection: Selection, now: number): Rules {
  return {
    maximumSize: selection.maximumSize,
    allowed: selection.formats === undefined ? undefined : allowedFormats(selection.formats),
    name: createNameRules(selection),
    specs: createSpecRules(selection),
    times: createTimeRules(selection, now),
    licence: createLicenceVerdict(selection),
    python: createPythonVerdict(selection),
  }
}

/**
 * Creates the rules for one run over all indexes of a channel. Cheap ones are asked first, and those that have to read more of a record only where all others leave it:
 * that changes nothing about what is kept, only which of several rules that leave a record out is told.
 */
export function createRecordRules(selection: Selection, now: number): RecordRules {
  const rules = createRules(selection, now)
  const names = createTexts()
  const known: KnownName[] = []
  const verdict: Verdict = { code: NOBODY, isOut: false }
  const changes = createChanges(rules.times)
  let undated = 0

  function nameAt(id: number): KnownName {
    return (known[id] ??= describeName(rules, names.textAt(id)))
  }

  function decide(cursor: RecordCursor): Verdict {
    const name = nameAt(cursor.nameId())
    verdict.code = name.code
    verdict.isOut = name.isOut
    if (name.candidates !== undefined && rules.specs !== undefined) take(verdict, rules.specs.decide(name.candidates, cursor, verdict.isOut))
    const time = rules.times === undefined ? undefined : readTime(cursor)
    if (rules.times !== undefined && time === undefined) undated += 1
    if (!verdict.isOut) restrict({ rules, cursor, name, time, changes }, verdict)
    return verdict
  }

  return {
    names,
    versions: createVersionTexts(),
    decide,
    changesAt: changes.at,
    notes: () => [...rules.name.notes(), ...(rules.specs?.notes() ?? []), ...(rules.times?.noteUndated(undated) ?? [])],
  }
}

function describeName({ name, specs }: Rules, text: string): KnownName {
  return { ...name.decide(text), candidates: specs?.candidatesFor(text) }
}

function take(verdict: Verdict, { code, isOut }: { readonly code: number; readonly isOut: boolean }): void {
  if (code === NOBODY) return
  verdict.code = code
  verdict.isOut = isOut
}

interface Restricting {
  readonly rules: Rules
  readonly cursor: RecordCursor
  readonly name: KnownName
  readonly time: number | undefined
  readonly changes: Changes
}

/** The rules that only take away. Age comes last: what it leaves out comes in later, if nothing else is against it. */
function restrict(record: Restricting, verdict: Verdict): void {
  const { rules, cursor, time, changes } = record
  const timed = rules.times === undefined ? NOBODY : time === undefined ? rules.times.decideUndated() : rules.times.decide(time)
  if (time !== undefined && timed === MINIMUM_AGE) return restrictYoung(record, verdict, time)
  const cheap = findCheap(rules, cursor, timed)
  const code = cheap === NOBODY ? findDear(record, verdict) : cheap
  leaveOut(verdict, code)
  if (code === NOBODY && time !== undefined) changes.noteLeaving(time)
}

/** Of a record that is out for its age no more is asked than when it will come in. */
function restrictYoung(record: Restricting, verdict: Verdict, time: number): void {
  const { rules, cursor, changes } = record
  const isOut = !changes.isSooner(time) || findCheap(rules, cursor, NOBODY) !== NOBODY || findDear(record, verdict) !== NOBODY
  if (!isOut) changes.noteEntering(time)
  leaveOut(verdict, MINIMUM_AGE)
}

function leaveOut(verdict: Verdict, code: number): void {
  if (code !== NOBODY) take(verdict, { code, isOut: true })
}

/** The first rule that leaves a record out by what the scan has noted. */
function findCheap({ maximumSize, allowed }: Rules, cursor: RecordCursor, timed: number): number {
  if (maximumSize !== undefined && (readSize(cursor) ?? 0) > maximumSize) return MAXIMUM_SIZE
  if (timed !== NOBODY) return timed
  return allowed !== undefined && allowed[readFormat(cursor.view())] === false ? FORMATS : NOBODY
}

/** The first rule that leaves a record out by the rest of it. The whitelist's word stands against licences: it is told where it was needed. */
function findDear({ rules, cursor, name }: Restricting, verdict: Verdict): number {
  if (rules.licence !== undefined && !(name.isWhitelisted && verdict.code !== NOBODY) && rules.licence(cursor)) {
    if (!name.isWhitelisted) return LICENSE
    verdict.code = WHITELIST
  }
  return rules.python?.(cursor) === false ? PYTHON : NOBODY
}

/** When the selection changes by itself. */
interface Changes {
  readonly at: () => number | undefined
  /** Whether a record of that time would come of age before anything else changes. */
  readonly isSooner: (time: number) => boolean
  readonly noteEntering: (time: number) => void
  readonly noteLeaving: (time: number) => void
}

function createChanges(times: TimeRules | undefined): Changes {
  let soonest = Infinity
  const note = (at: number | undefined): void => {
    soonest = Math.min(soonest, at ?? Infinity)
  }
  return {
    at: () => (soonest === Infinity ? undefined : soonest),
    isSooner: (time) => (times?.entersAt(time) ?? Infinity) < soonest,
    noteEntering: (time) => note(times?.entersAt(time)),
    noteLeaving: (time) => note(times?.leavesAt(time)),
  }
}
