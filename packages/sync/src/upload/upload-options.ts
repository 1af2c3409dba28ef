import type { Artifact } from '@mirror/core'
import type { StoreReader } from '@mirror/store'
import type { TargetEvent, UploadTarget } from '@mirror/repository-client'
import type { SyncEvent } from '../events.ts'
import type { SyncOptions } from '../options.ts'

/** What `uploadChannel` tells while it works, with what reading upstream tells. Names and counts; no sentences, no secrets. */
export type UploadEvent =
  | SyncEvent
  | TargetEvent
  /** What the target lists of a subdir was read. */
  | { readonly type: 'target-listed'; readonly subdir: string; readonly artifacts: number }
  /** What will happen to the target. */
  | { readonly type: 'upload-planned'; readonly upload: number; readonly uploadBytes: number; readonly present: number; readonly conflicts: number; readonly remove: number; readonly removeBytes: number }
  | { readonly type: 'upload-started'; readonly artifact: Artifact }
  /** `result` as `UploadOutcome` of `@mirror/repository-client` has it. */
  | { readonly type: 'upload-done'; readonly artifact: Artifact; readonly result: 'uploaded' | 'replaced' | 'present' | 'conflict' }
  | { readonly type: 'upload-failed'; readonly artifact: Artifact; readonly code: string; readonly reason: string }
  | { readonly type: 'removed'; readonly artifact: Artifact; readonly result: 'removed' | 'absent' }
  /** The target is asked whether it lists what it took. */
  | { readonly type: 'target-checked'; readonly artifacts: number; readonly missing: number }

/** What `uploadChannel` needs to know. Upstream is read and selected from as `syncChannel` does it. */
export interface UploadOptions extends Pick<SyncOptions, 'channel' | 'client' | 'subdirs' | 'selection' | 'alongside' | 'noarch' | 'spoolFolder' | 'limits' | 'now' | 'signal' | 'dryRun'> {
  readonly target: UploadTarget
  /** A mirror of the channel: what it has need not be fetched. Its bytes are verified like any others. */
  readonly mirror?: Pick<StoreReader, 'openArtifact'> | undefined
  /** Remove from the target what upstream lists no more. Default false. */
  readonly clean?: boolean
  /** Remove at most so many artifacts in this run. Default 1,000. */
  readonly maximumDeletes?: number
  /** Let other bytes under a name give way, where the target can do that. Default false: they are reported. */
  readonly replace?: boolean
  /** Uploads at once. Default 4. */
  readonly concurrency?: number
  readonly listing?: ListingPatience
  readonly observe?: (event: UploadEvent) => void
}

/** How long to wait for a target that makes its index behind our backs. */
export interface ListingPatience {
  /** How often it is asked at most. Default 10. */
  readonly tries?: number
  /** Waits between two of them; default: 3 s. */
  readonly pause?: (signal: AbortSignal) => Promise<void>
}
