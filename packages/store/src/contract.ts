import type { Artifact, ArtifactSet, SubdirName } from '@mirror/core'
import type { ChannelState, Changeset, PublishedFile, StateId } from '@mirror/delta'
import type { StoreEvent } from './events.ts'

/** Bytes on their way: all at once, or in pieces, each of which need be valid only until the next one is asked for. A source that fails must throw. */
export type Body = Uint8Array | AsyncIterable<Uint8Array>

/** A published state of one channel. Immutable; later ones have a higher number. */
export interface Generation {
  /** 1 for the first. */
  readonly number: number
  /** When it was committed, ISO 8601 in UTC, by the store's own clock. */
  readonly created: string
  readonly state: ChannelState
  readonly id: StateId
}

/** What came of opening some bytes of a generation. */
export type Opened =
  /** `size` is that of the whole file, also where a range of it was asked for. A body that is not read holds nothing open. */
  | { readonly status: 'found'; readonly size: number; readonly body: AsyncIterable<Uint8Array> }
  /** The generation does not have it. */
  | { readonly status: 'absent' }
  /** The generation had it, but was superseded longer ago than the grace: resolve the head again. */
  | { readonly status: 'gone' }

/** A range of bytes, `start` included, `end` excluded. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** Reads one generation, without locks: what it shows stays valid, and the same, until the grace after it was superseded. */
export interface StoreReader {
  readonly generation: Generation
  /** An index document, a variant, a shard or a plain file, by its path from the channel's root. */
  readonly openFile: (path: string, range?: ByteRange) => Promise<Opened>
  /** An artifact, by its whole identity. */
  readonly openArtifact: (artifact: Artifact, range?: ByteRange) => Promise<Opened>
  /** What a subdir lists; an empty set for a subdir that the generation does not have. */
  readonly readArtifacts: (subdir: SubdirName) => Promise<ArtifactSet>
}

/** What came of a commit. */
export type CommitResult =
  | { readonly status: 'committed'; readonly generation: Generation }
  /** Another state was committed since `begin`: plan again on the new head. Nothing changed. */
  | { readonly status: 'stale'; readonly head: Generation | undefined }
  /** It may or may not have happened (a lost answer of an object store); only `head()` tells. */
  | { readonly status: 'unknown' }

/** Options of `put` and `putFile`. */
export interface PutOptions {
  readonly signal?: AbortSignal
  /** Where the body starts: the number that `stagedBytes` answered. Default 0. */
  readonly offset?: number
}

/**
 * The one way to change a store. Between `begin` and `commit` no reader sees any of it. Abandoning it (or dying) leaves the store as it was, and keeps
 * what was put, so that the next transaction does not have to fetch it again.
 */
export interface Transaction extends AsyncDisposable {
  /** The changeset that it was begun with. */
  readonly changeset: Changeset
  /**
   * The artifacts of the changeset whose bytes are not there yet, in order. Bytes that are there under the final name or from an earlier, broken run are
   * verified, not trusted by name; each is reported by an event.
   */
  readonly missing: (signal?: AbortSignal) => AsyncIterable<Artifact>
  /** Bytes of this artifact or file kept from a broken `put` or `putFile`: a later one may continue there. Verified as part of the whole by that one. */
  readonly stagedBytes: (item: Artifact | PublishedFile) => Promise<number>
  /**
   * Stores an artifact, whole or not at all; any order, several at once, twice is harmless. The store hashes and counts: other bytes than the identity says are
   * refused with `DIGEST_MISMATCH` or `SIZE_MISMATCH`, and nothing of them stays. A body that throws, or an abort, leaves what came so far for `stagedBytes`.
   */
  readonly put: (artifact: Artifact, body: Body, options?: PutOptions) => Promise<'stored' | 'present'>
  /**
   * Stores an index file, a shard or a plain file of the changeset, whole or not at all, verified likewise. Of a shard or a plain file that lies there already, or that an earlier run put,
   * the bytes are verified, and used where they are right: `present`; then the body is not read.
   */
  readonly putFile: (file: PublishedFile, body: Body, options?: PutOptions) => Promise<'stored' | 'present'>
  /**
   * Publishes, all subdirs and variants at once, durably. `final` may be narrower than the changeset of `begin` (held subdirs, or re-derived indexes without failed artifacts), never
   * wider in artifacts. Throws `TRANSACTION_INCOMPLETE` when something that it lists was not put. Ends the transaction whatever the answer.
   */
  readonly commit: (final?: Changeset) => Promise<CommitResult>
  /** Ends the transaction without a trace that readers could see. Twice is harmless. */
  readonly abandon: () => Promise<void>
}

/** What came of `begin`. */
export type BeginResult =
  | { readonly status: 'begun'; readonly transaction: Transaction }
  /** The head is not the state that the changeset starts from (perhaps because a broken commit was rolled forward just now). */
  | { readonly status: 'stale'; readonly head: Generation | undefined }
  /** Another transaction holds the store. */
  | { readonly status: 'busy' }

/** Options of `begin`. */
export interface BeginOptions {
  readonly signal?: AbortSignal
  readonly observe?: (event: StoreEvent) => void
  /**
   * Use a tree that the store did not make, or that someone changed: the changeset may then start from nothing (`base` of `EMPTY_STATE`) although there is a head,
   * so that `missing` verifies all that it lists; what is right is used where it lies. Without it a folder of foreign content is refused with `STORE_FOREIGN`. Default false.
   */
  readonly adopt?: boolean
  /**
   * Paths that were found not to be what they should be, as `verifyStore` names them. Index files among them have to be put though the head has them, because they may look untouched; copies of
   * them among the store's own are made anew.
   */
  readonly damaged?: ReadonlySet<string>
}

/** Options of `tidy`. */
export interface TidyOptions {
  /** How long bytes that no index names any more are kept, in milliseconds. */
  readonly grace: number
  /** At most so many artifacts are deleted; the rest waits and is reported. Default 1,000. */
  readonly maximumDeletes?: number
  /** Report only. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly observe?: (event: StoreEvent) => void
}

/** What `tidy` did, and what waits until when. */
export interface TidyReport {
  readonly deleted: { readonly count: number; readonly bytes: number }
  readonly waiting: { readonly count: number; readonly bytes: number; /** ISO 8601, the earliest due; undefined when nothing waits. */ readonly next: string | undefined }
  /** Due, but listed by a generation that is retained: for rollback, or by a name. */
  readonly kept: { readonly count: number; readonly bytes: number }
  /** Due, but left by `maximumDeletes`. */
  readonly left: number
  /** The generations that were given up, newest first: their manifests and documents. */
  readonly dropped: readonly number[]
}

/** A name for a generation, which keeps it and all that it lists until the name is removed. */
export interface Snapshot {
  readonly name: string
  readonly generation: number
  /** When it was named, ISO 8601 in UTC. */
  readonly named: string
}

/** What came of naming a generation. */
export type SnapshotResult =
  | { readonly status: 'created'; readonly snapshot: Snapshot }
  /** The name stands for this one already, perhaps for the same generation. Nothing changed. */
  | { readonly status: 'taken'; readonly snapshot: Snapshot }
  /** There is no such generation, or it was given up. */
  | { readonly status: 'absent' }
  | { readonly status: 'busy' }

/**
 * One channel's mirror, on disk, in memory, or on object storage: `design.md` §6 and §10. `packages/store/test/conformance.ts` is the contract as tests;
 * every implementation passes it.
 */
export interface Store {
  /** The newest generation, or undefined for a store that has none yet. Never blocks on a writer. */
  readonly head: () => Promise<Generation | undefined>
  /** A reader of the newest generation, or of an older one while it is retained. Undefined when there is none. */
  readonly read: (generation?: number) => Promise<StoreReader | undefined>
  /** Starts a transaction from the state `changeset.base`. Promises no exclusivity beyond what it answers. */
  readonly begin: (changeset: Changeset, options?: BeginOptions) => Promise<BeginResult>
  /** Removes what no retained generation references and whose grace is over; idempotent, safe beside readers and, as `busy`, beside writers. */
  readonly tidy: (options: TidyOptions) => Promise<TidyReport | { readonly status: 'busy' }>
  /** Every generation that can be read, newest first. */
  readonly generations: () => Promise<readonly Generation[]>
  /** Every snapshot, by name. */
  readonly snapshots: () => Promise<readonly Snapshot[]>
  /**
   * Names a generation, by default the newest, durably: it is retained whatever the grace. A name is 1 to 64 of `a-z`, `0-9`, `.`, `_` and `-`, starts with a letter or digit and is not all
   * digits; anything else throws `SNAPSHOT_NAME_INVALID`.
   */
  readonly createSnapshot: (name: string, generation?: number) => Promise<SnapshotResult>
  /** Takes a name away. Deletes nothing else: what it kept goes with the next `tidy`. */
  readonly removeSnapshot: (name: string) => Promise<'removed' | 'absent' | 'busy'>
  /** A small note kept beside the store, for things that may be lost without harm (validators of upstream). Undefined when absent or unreadable. */
  readonly readMemo: (name: string) => Promise<unknown>
  /** Keeps a note; writes nothing when it already reads so. */
  readonly writeMemo: (name: string, value: unknown) => Promise<void>
}
