import type { RecordCursor } from '../records/record-cursor.ts'
import type { Selection } from '../selection.ts'
import { codeOf, NOBODY } from './rule-codes.ts'

/** `newer_than`, `older_than` and `minimum_age`. */
export interface TimeRules {
  /** The first of them that leaves a record of that time out, or `NOBODY`. */
  readonly decide: (time: number) => number
  /** The same for a record that has none. */
  readonly decideUndated: () => number
  /** When a record that is kept today will be too old; undefined for never. */
  readonly leavesAt: (time: number) => number | undefined
  /** When a record that `minimum_age` leaves out will be of age; undefined for never. */
  readonly entersAt: (time: number) => number | undefined
}

const NEWER_THAN = codeOf('newer_than')
const OLDER_THAN = codeOf('older_than')
const MINIMUM_AGE = codeOf('minimum_age')

/** The highest number of seconds, as conda and conda-index have it: 9999-12-31. Above, they are milliseconds. */
const LAST_SECOND = 253_402_300_799
/** The last moment that a Date can tell. */
const LAST_MOMENT = 8.64e15

/** The time of a record in milliseconds: its `indexed_timestamp`, else its `timestamp`. What is no moment after 1970 counts as absent. */
export function readTime({ number }: RecordCursor): number | undefined {
  return toTime(number('indexed_timestamp')) ?? toTime(number('timestamp'))
}

function toTime(value: number | undefined): number | undefined {
  if (value === undefined || value <= 0) return undefined
  const time = value <= LAST_SECOND ? value * 1000 : value
  return time <= LAST_MOMENT ? time : undefined
}

/** Creates the rules; undefined where none of them is there. */
export function createTimeRules(selection: Selection, now: number): TimeRules | undefined {
  const { newerThan, maximumAge, olderThan, minimumAge, undated } = selection
  const earliest = Math.max(newerThan ?? -Infinity, maximumAge === undefined ? -Infinity : now - maximumAge)
  const before = olderThan ?? Infinity
  const latest = minimumAge === undefined ? Infinity : now - minimumAge
  const first = earliest > -Infinity ? NEWER_THAN : before < Infinity ? OLDER_THAN : MINIMUM_AGE
  if (first === MINIMUM_AGE && latest === Infinity) return undefined

  return {
    decide(time) {
      if (time < earliest) return NEWER_THAN
      if (time >= before) return OLDER_THAN
      return time > latest ? MINIMUM_AGE : NOBODY
    },
    decideUndated: () => (undated === 'drop' ? first : NOBODY),
    leavesAt: (time) => (maximumAge === undefined ? undefined : time + maximumAge + 1),
    entersAt: (time) => (minimumAge === undefined || minimumAge > (maximumAge ?? Infinity) ? undefined : time + minimumAge),
  }
}

/** Says how many records have no time. */
export function noteUndated({ undated }: Selection, records: number): readonly string[] {
  if (records === 0) return []
  return [`${records} ${records === 1 ? 'record has' : 'records have'} no time and ${records === 1 ? 'is' : 'are'} ${undated === 'drop' ? 'left out' : 'kept'} (undated)`]
}
