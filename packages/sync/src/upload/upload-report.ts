import type { Digest, SubdirName } from '@mirror/core'
import type { GuardVerdict } from '@mirror/delta'
import type { RuleEffect } from '@mirror/selection'
import type { FailedArtifact, HeldSubdir, LeftOut, SyncWarning } from '../report.ts'

/** What is planned for one subdir of a target. */
export interface UploadSummary {
  readonly subdir: SubdirName
  readonly status: 'planned' | /** Upstream does not have it. */ 'absent' | /** Left as it is, because of a fault. */ 'held'
  /** What is wanted of upstream. */
  readonly wanted: number
  readonly wantedBytes: number
  /** What the target lists. */
  readonly listed: number
  /** What is not listed by it, and is uploaded. */
  readonly upload: number
  readonly uploadBytes: number
  /** What it lists with these bytes already. */
  readonly present: number
  /** What it lists with other bytes. */
  readonly conflicts: number
  /** What it lists and upstream does not; 0 unless that is to be removed. */
  readonly remove: number
  readonly removeBytes: number
  readonly rules: readonly RuleEffect[]
  readonly leftOut: readonly LeftOut[]
}

/** A name that the target has with other bytes than upstream. */
export interface UploadConflict {
  readonly subdir: SubdirName
  readonly name: string
  /** What upstream lists. */
  readonly wanted: Digest
  /** What the target has, where it tells. */
  readonly there: Digest | undefined
}

/** What came of `uploadChannel`; plain data that `JSON.stringify` keeps whole. */
export interface UploadReport {
  /** The channel's URL without secrets. */
  readonly channel: string
  /** The target's name. */
  readonly target: string
  readonly status:
    | 'unchanged'
    /** A dry run: what would happen. */
    | 'planned'
    /** Something was uploaded or removed. */
    | 'uploaded'
    /** A guard refused before anything changed. */
    | 'refused'
    /** Upstream or the target could not be read: nothing was changed. */
    | 'held'
    /** It could not go on: `stopped` says why. What was uploaded stays. */
    | 'stopped'
  readonly subdirs: readonly UploadSummary[]
  readonly uploaded: { readonly artifacts: number; readonly bytes: number }
  /** Of those, how many took the place of other bytes. */
  readonly replaced: number
  /** What the target turned out to have though it did not list it. */
  readonly found: number
  readonly removed: number
  /** What waits for another run: more than may be removed in one, or because something failed. */
  readonly notRemoved: number
  readonly conflicts: readonly UploadConflict[]
  readonly failed: readonly FailedArtifact[]
  readonly held: readonly HeldSubdir[]
  /** What the target took and does not list yet. */
  readonly unlisted: readonly { readonly subdir: SubdirName; readonly name: string }[]
  readonly verdicts: readonly GuardVerdict[]
  readonly warnings: readonly SyncWarning[]
  readonly stopped: { readonly code: string; readonly message: string; readonly hint: string | undefined } | undefined
  /** What came from upstream, and what from a mirror here. */
  readonly fetched: { readonly artifacts: number; readonly bytes: number }
  readonly copied: { readonly artifacts: number; readonly bytes: number }
  /** Milliseconds. */
  readonly duration: number
}
