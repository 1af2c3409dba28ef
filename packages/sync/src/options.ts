import type { ChannelUrl, SubdirName } from '@mirror/core'
import type { GuardLimits, SizeBudget } from '@mirror/delta'
import type { RepositoryClient } from '@mirror/repository-client'
import type { Selection } from '@mirror/selection'
import type { DiskStore, Store } from '@mirror/store'
import type { AlongsideChannel } from './alongside.ts'
import type { DerivativeChoice } from './derivatives/choice.ts'
import type { SyncEvent } from './events.ts'

/** Which variants of each index are published beside `repodata.json`. */
export interface VariantChoice {
  readonly zst: boolean
  readonly shards: boolean
  /** `upstream`: kept when upstream has it and it decodes to the published document. */
  readonly bz2: boolean | 'upstream'
}

/** What happens to a name that upstream re-used with other bytes (`design.md` §12). */
export type ReusePolicy = 'replace' | 'after-grace' | 'keep' | 'drop'

/** A subdir to mirror. A `required` one that upstream lacks is an error, another is skipped with a note. */
export interface WantedSubdir {
  readonly subdir: SubdirName
  readonly required: boolean
}

/** Any store; what only a store on disk can tell is asked where it is offered. */
export type SyncStore = Store & Partial<Pick<DiskStore, 'checkSpace' | 'publicState'>>

/** What `syncChannel` needs to know. */
export interface SyncOptions {
  readonly channel: ChannelUrl
  readonly client: RepositoryClient
  readonly store: SyncStore
  readonly subdirs: readonly WantedSubdir[]
  /** What of it is wanted. Default: everything. */
  readonly selection?: Selection
  /** Channels that are used together with this one, for the closure of the selection. Default: none. */
  readonly alongside?: readonly AlongsideChannel[]
  /** Whether `noarch` comes with them. Without it the mirror gets an empty one, because clients refuse a channel that has none. Default true. */
  readonly noarch?: boolean
  /** Where large indexes are put while they are worked on; created and removed by the caller. Small ones stay in memory. */
  readonly spoolFolder: string
  /** Default: zst and shards on, bz2 as upstream. */
  readonly variants?: VariantChoice
  /** Files derived from the indexes, each filtered from upstream's. Default: none. */
  readonly derivatives?: DerivativeChoice
  /** Default `replace`. */
  readonly reuse?: ReusePolicy
  /** Default: the thresholds of `design.md` §12. */
  readonly limits?: Partial<GuardLimits>
  /** Milliseconds that un-referenced bytes are kept. Default 24 h. */
  readonly grace?: number
  readonly maximumDeletes?: number
  /** What the channel may hold at most: more is refused before anything is fetched. Default: no limit. */
  readonly budget?: SizeBudget
  /** Publish a subdir without the artifacts that could not be had, instead of holding it. Default false. */
  readonly partial?: boolean
  /** Bytes that must stay free where the store has a file system. Default: 1 % of it, at most 1 GiB. */
  readonly reserve?: number
  /** Plan only: nothing is written. Default false. */
  readonly dryRun?: boolean
  /** Take over a folder that another tool filled, if it is a mirror of this channel. Default true. */
  readonly adopt?: boolean
  /** Trees on disk that may have artifacts of this channel, read as channels are: looked at before upstream, verified like upstream. Default: none. */
  readonly nearby?: readonly RepositoryClient[]
  /** Artifacts fetched at once. Default 32. */
  readonly concurrency?: number
  /** What time it is, in milliseconds since the epoch. Default: the system's. */
  readonly now?: () => number
  readonly signal?: AbortSignal
  readonly observe?: (event: SyncEvent) => void
}
