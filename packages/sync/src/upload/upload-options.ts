import type { StoreReader } from '@mirror/store'
import type { RepositoryClient, UploadTarget } from '@mirror/repository-client'
import type { UploadEvent } from '../events.ts'
import type { SyncOptions } from '../options.ts'

/** What `uploadChannel` needs to know. Upstream is read and selected from as `syncChannel` does it. */
export interface UploadOptions extends Pick<SyncOptions, 'channel' | 'client' | 'subdirs' | 'selection' | 'alongside' | 'noarch' | 'spoolFolder' | 'limits' | 'now' | 'signal' | 'dryRun'> {
  readonly target: UploadTarget
  /** A mirror of the channel: what it has need not be fetched. Its bytes are verified like any others. */
  readonly mirror?: Pick<StoreReader, 'openArtifact'> | undefined
  /** Remove from the target what upstream lists no more. Default false. */
  readonly clean?: boolean
  /** Other channels that go to the same target: what they list is not removed either. Only needed with `clean`. */
  readonly others?: readonly RepositoryClient[]
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
