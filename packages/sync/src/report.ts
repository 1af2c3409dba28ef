import type { SubdirName } from '@mirror/core'
import type { ChangesetTotals, GuardVerdict, StateId } from '@mirror/delta'
import type { RuleEffect } from '@mirror/selection'
import type { TidyReport } from '@mirror/store'

/** One subdir, as planned or carried out. */
export interface SubdirSummary {
  readonly subdir: SubdirName
  readonly status:
    /** Upstream answered that nothing changed, or sent what is already published. */
    | 'unchanged'
    /** Planned, or published. */
    | 'changed'
    /** Upstream does not have it, and neither has the store. */
    | 'absent'
    /** Left as it was, because of a fault. */
    | 'held'
    /** Not asked for any more: stays as it was, and is reported. */
    | 'unselected'
  /** Records that the index lists afterwards, and the bytes of its artifacts. */
  readonly records: number
  readonly bytes: number
  readonly add: number
  readonly addBytes: number
  readonly remove: number
  readonly removeBytes: number
  readonly reused: number
  readonly relisted: number
  /** What the rules of the selection did, in their order; empty without one, and where nothing was looked at. */
  readonly rules: readonly RuleEffect[]
  /** Records of upstream that are wanted and not published, and why. */
  readonly leftOut: readonly LeftOut[]
}

/** A record that upstream lists and the mirror does not. */
export interface LeftOut {
  readonly name: string
  readonly reason: 'no-digest' | 'bad-digest' | 'bad-size' | 'elsewhere' | 'failed' | 'reused'
}

/** An artifact that could not be had. */
export interface FailedArtifact {
  readonly subdir: SubdirName
  readonly name: string
  readonly code: string
  readonly reason: string
}

/** A subdir that was left as it was. */
export interface HeldSubdir {
  readonly subdir: SubdirName
  readonly code: string
  readonly reason: string
  readonly hint: string | undefined
}

/** A warning of the run, also told as an event. */
export interface SyncWarning {
  readonly code: string
  readonly message: string
  readonly subdir: SubdirName | undefined
}

/** What a run of `syncChannel` did; plain data that `JSON.stringify` keeps whole. */
export interface SyncReport {
  /** The channel's URL without secrets. */
  readonly channel: string
  readonly status:
    | 'unchanged'
    /** A dry run: what would happen. */
    | 'planned'
    | 'committed'
    /** A guard refused before anything changed. */
    | 'refused'
    /** Nothing could be published; the mirror is as it was. */
    | 'held'
  /** The generation that is published now; undefined for a store that has none. */
  readonly generation: number | undefined
  readonly state: StateId | undefined
  readonly subdirs: readonly SubdirSummary[]
  readonly totals: ChangesetTotals
  /** What came over the network. */
  readonly fetched: { readonly artifacts: number; readonly bytes: number }
  /** What came from trees nearby (`SyncOptions.nearby`) instead. */
  readonly copied: { readonly artifacts: number; readonly bytes: number }
  /** What was there already, verified. */
  readonly present: number
  readonly failed: readonly FailedArtifact[]
  readonly held: readonly HeldSubdir[]
  readonly verdicts: readonly GuardVerdict[]
  readonly warnings: readonly SyncWarning[]
  readonly tidy: TidyReport | undefined
  /** Milliseconds. */
  readonly duration: number
}
