import type { SubdirName } from '@mirror/core'
import type { RuleName } from './selection.ts'

/** What one rule did to one subdir. */
export interface RuleEffect {
  readonly rule: RuleName
  /** Records, and the bytes of their artifacts, that this rule left out, or added back (`whitelist`, and `include` beside `exclude`), as the last one to decide. */
  readonly records: number
  readonly bytes: number
}

/** What is wanted of one subdir. */
export interface SelectedSubdir {
  readonly subdir: SubdirName
  /** Non-zero for rows that are wanted; undefined when all are. */
  readonly keep: Uint8Array | undefined
  /** For each row the last rule that decided: 0 for none, else its place in `RULES` plus 1. Undefined when no rule decided anything. */
  readonly decidedBy: Uint8Array | undefined
  /** Rules that decided something, in their order. */
  readonly effects: readonly RuleEffect[]
}

/** What is wanted of a channel. */
export interface Selected {
  readonly subdirs: ReadonlyMap<SubdirName, SelectedSubdir>
  /** When the same indexes will be selected otherwise, because a record comes of age (`minimumAge`) or grows too old (`maximumAge`): milliseconds since the epoch. */
  readonly changesAt: number | undefined
  /** Odd, and not in the way: a name or spec that nothing has, records without a time. Sentences for people. */
  readonly notes: readonly string[]
}
