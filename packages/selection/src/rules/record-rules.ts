import type { RecordCursor } from '../records/record-cursor.ts'
import { createTexts, type Texts } from '../records/texts.ts'
import { createVersionTexts, type VersionTexts } from '../records/version-texts.ts'
import { readSize } from '../records/record-columns.ts'
import type { Selection } from '../selection.ts'
import type { DearRule } from './dear-rules.ts'
import { allowedFormats, readFormat } from './format-rules.ts'
import { createLicenceVerdict } from './licence-verdict.ts'
import { createNameRules, type NameRules, type NameVerdict, UNTOUCHED } from './name-rules.ts'
import { createPythonVerdict } from './python-verdict.ts'
import { codeOf, NOBODY } from './rule-codes.ts'
import { createSpecRules, type SpecCandidates, type SpecRules, type SpecVerdict } from './spec-rules.ts'
import { createTimeRules, readTime, type TimeRules } from './time-rules.ts'

/** The rules that look at one record at a time. */
export interface RecordRules {
  readonly names: Texts
  readonly versions: VersionTexts
  /** The verdict on the record that the cursor is at. The same object for every record. */
  readonly decide: (cursor: RecordCursor) => Verdict
  readonly changesAt: () => number | undefined
  /** Records without a time, where that matters. */
  readonly undated: () => number
  readonly name: NameRules
  readonly specs: SpecRules | undefined
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
 * Creates the rules for one pass over one index. Cheap ones are asked first, and those that have to read more of a record only where all others leave it:
 * that changes nothing about what is kept, only which of several rules that leave a record out is told.
 */
export function createRecordRules(selection: Selection, now: number): RecordRules {
  const rules = createRules(selection, now)
  const names = createTexts()
  const known: NameVerdict[] = []
  const candidates: SpecCandidates[] = []
  const verdict: Verdict = { code: NOBODY, isOut: false }
  const changes = createChanges(rules.times)
  // One for all records: a million small objects are a hundred MB of garbage.
  const restricting: Restricting = { rules, changes, verdict, isWhitelisted: false, time: undefined }
  let undated = 0

  function decide(cursor: RecordCursor): Verdict {
    const name = rules.name.areThere ? (known[cursor.nameId()] ??= rules.name.decide(cursor.name())) : UNTOUCHED
    verdict.code = name.code
    verdict.isOut = name.isOut
    if (rules.specs !== undefined) take(verdict, rules.specs.decide(candidates[cursor.nameId()] ??= rules.specs.candidatesFor(cursor.name()), cursor, verdict.isOut))
    const time = rules.times === undefined ? undefined : readTime(cursor)
    if (rules.times !== undefined && time === undefined) undated += 1
    if (verdict.isOut) return verdict
    restricting.isWhitelisted = name.isWhitelisted
    restricting.time = time
    restrict(restricting, cursor)
    return verdict
  }

  return {
    names,
    versions: createVersionTexts(),
    decide,
    changesAt: changes.at,
    undated: () => undated,
    name: rules.name,
    specs: rules.specs,
  }
}

function take(verdict: Verdict, { code, isOut }: SpecVerdict): void {
  if (code === NOBODY) return
  verdict.code = code
  verdict.isOut = isOut
}

/** What is known of a record that names and specs have left. */
interface Restricting {
  readonly rules: Rules
  readonly changes: Changes
  readonly verdict: Verdict
  isWhitelisted: boolean
  time: number | undefined
}

/** The rules that only take away. Age comes last: what it leaves out comes in later, if nothing else is against it. */
function restrict(record: Restricting, cursor: RecordCursor): void {
  const { rules, time, changes, verdict } = record
  const timed = rules.times === undefined ? NOBODY : time === undefined ? rules.times.decideUndated() : rules.times.decide(time)
  if (time !== undefined && timed === MINIMUM_AGE) return restrictYoung(record, cursor, time)
  const cheap = findCheap(rules, cursor, timed)
  const code = cheap === NOBODY ? findDear(record, cursor) : cheap
  if (code !== NOBODY) leaveOut(verdict, code)
  else if (time !== undefined) changes.noteLeaving(time)
}

/** Of a record that is out for its age no more is asked than when it will come in. */
function restrictYoung(record: Restricting, cursor: RecordCursor, time: number): void {
  const { rules, changes, verdict } = record
  const isOut = !changes.isSooner(time) || findCheap(rules, cursor, NOBODY) !== NOBODY || findDear(record, cursor) !== NOBODY
  if (!isOut) changes.noteEntering(time)
  leaveOut(verdict, MINIMUM_AGE)
}

function leaveOut(verdict: Verdict, code: number): void {
  verdict.code = code
  verdict.isOut = true
}

/** The first rule that leaves a record out by what the scan has noted. */
function findCheap({ maximumSize, allowed }: Rules, cursor: RecordCursor, timed: number): number {
  if (maximumSize !== undefined && (readSize(cursor) ?? 0) > maximumSize) return MAXIMUM_SIZE
  if (timed !== NOBODY) return timed
  return allowed !== undefined && allowed[readFormat(cursor.view())] === false ? FORMATS : NOBODY
}

/** The first rule that leaves a record out by the rest of it. The whitelist's word stands against licences: it is told where it was needed. */
function findDear({ rules, verdict, isWhitelisted }: Restricting, cursor: RecordCursor): number {
  if (rules.licence !== undefined && !(isWhitelisted && verdict.code !== NOBODY) && rules.licence(cursor)) {
    if (!isWhitelisted) return LICENSE
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
