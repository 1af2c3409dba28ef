import type { Artifact, SubdirName } from '@mirror/core'
import type { ChangesetTotals, GuardVerdict } from '@mirror/delta'
import type { ClientEvent, TargetEvent } from '@mirror/repository-client'
import type { StoreEvent } from '@mirror/store'
import type { SubdirSummary } from './report.ts'

/** What `syncChannel` tells while it works, with what the client and the store tell. Names and counts; no sentences, no secrets. */
export type SyncEvent =
  | ClientEvent
  | StoreEvent
  /** Upstream's index of a subdir was looked at. */
  | { readonly type: 'index-checked'; readonly subdir: SubdirName; readonly result: 'not-modified' | 'fetched' | 'absent' | 'failed' }
  /** What will happen to a subdir. */
  | { readonly type: 'subdir-planned'; readonly summary: SubdirSummary }
  /** What will happen to the channel; `fetch` is known only once the store has looked at what it has. */
  | { readonly type: 'planned'; readonly totals: ChangesetTotals }
  /** How much of it has to come over the network. */
  | { readonly type: 'fetch-planned'; readonly artifacts: number; readonly bytes: number; readonly present: number }
  | { readonly type: 'artifact-started'; readonly artifact: Artifact }
  | { readonly type: 'artifact-done'; readonly artifact: Artifact }
  | { readonly type: 'artifact-failed'; readonly artifact: Artifact; readonly code: string; readonly reason: string }
  /** The index moved on while artifacts were fetched, or the store did: all is read and planned again. */
  | { readonly type: 'upstream-moved'; readonly round: number }
  | { readonly type: 'guard'; readonly verdict: GuardVerdict }
  | { readonly type: 'subdir-held'; readonly subdir: SubdirName; readonly code: string; readonly reason: string }
  | { readonly type: 'warning'; readonly code: string; readonly message: string; readonly subdir: SubdirName | undefined }
  /** What waits in the trash after the run. */
  | { readonly type: 'tidied'; readonly deleted: number; readonly waiting: number; readonly next: string | undefined }
  /** Upstream's page of a folder of installers was looked at. */
  | { readonly type: 'listing-checked'; readonly folder: string; readonly result: 'not-modified' | 'fetched' | 'absent' }
  | { readonly type: 'listing-held'; readonly folder: string; readonly code: string; readonly reason: string }
  /** What will happen to the installers; sizes that cannot be known before are counted as 0. */
  | { readonly type: 'installers-planned'; readonly add: number; readonly addBytes: number; readonly remove: number }
  | { readonly type: 'installer-started'; readonly path: string; readonly size: number }
  | { readonly type: 'installer-done'; readonly path: string; readonly size: number; readonly result: 'stored' | 'present' }
  | { readonly type: 'installer-failed'; readonly path: string; readonly code: string; readonly reason: string }

/** What `uploadChannel` tells while it works, with what reading upstream tells. Names and counts; no sentences, no secrets. */
export type UploadEvent =
  | SyncEvent
  | TargetEvent
  /** What the target lists of a subdir was read. */
  | { readonly type: 'target-listed'; readonly subdir: SubdirName; readonly artifacts: number }
  /** What will happen to the target. */
  | { readonly type: 'upload-planned'; readonly upload: number; readonly uploadBytes: number; readonly present: number; readonly conflicts: number; readonly remove: number; readonly removeBytes: number }
  | { readonly type: 'upload-started'; readonly artifact: Artifact }
  /** `result` as `UploadOutcome` of `@mirror/repository-client` has it. */
  | { readonly type: 'upload-done'; readonly artifact: Artifact; readonly result: 'uploaded' | 'replaced' | 'present' | 'conflict' }
  | { readonly type: 'upload-failed'; readonly artifact: Artifact; readonly code: string; readonly reason: string }
  | { readonly type: 'removed'; readonly artifact: Artifact; readonly result: 'removed' | 'absent' }
  /** The target is asked whether it lists what it took. */
  | { readonly type: 'target-checked'; readonly artifacts: number; readonly missing: number }
