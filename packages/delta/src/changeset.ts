import type { ArtifactSet, SubdirName } from '@mirror/core'
import { type ChannelState, type PublishedFile, stateId, type StateId, type SubdirState } from './state.ts'

/** Names that upstream re-used: the same name with other bytes. Both sets have the same names. */
export interface ReusedNames {
  readonly before: ArtifactSet
  readonly after: ArtifactSet
}

/** What changes in one subdir, and how its index reads afterwards. */
export interface SubdirChange {
  readonly subdir: SubdirName
  /** Artifacts that the target lists and the base does not, re-used names aside. */
  readonly add: ArtifactSet
  /** Artifacts that the base lists and the target does not, re-used names aside. They are un-referenced; removing their bytes is for `tidy`, after the grace. */
  readonly remove: ArtifactSet
  readonly reused: ReusedNames
  /** How many records differ while their artifact is the same. */
  readonly relisted: number
  /** Their artifacts, as far as the comparison names them; left out where it does not. */
  readonly relistedSome?: ArtifactSet | undefined
  /** How the subdir is published: its document and variants. */
  readonly target: SubdirState
  /**
   * Only with re-used names: the same index without them. A store with one flat file a name publishes this first, swaps the bytes, then publishes the
   * target, so that no index names bytes while they change (`design.md` §12, `reuse: replace`).
   */
  readonly interim: SubdirState | undefined
  /** Shards that only the interim's shard index names: put like the others, un-referenced by the same commit. Empty without an interim. */
  readonly interimShards: readonly PublishedFile[]
  /** Shards that the target's shard index names and the base's does not. */
  readonly shardsAdded: readonly PublishedFile[]
  /** Shards that only the base's shard index names. */
  readonly shardsRemoved: readonly PublishedFile[]
}

/**
 * What leads from one state of a channel to another: the one value between deciding and carrying out. Subdirs that do not
 * change are not in it.
 */
export interface Changeset {
  /** The state it starts from. */
  readonly base: StateId
  /** The whole state afterwards, unchanged subdirs included. */
  readonly target: ChannelState
  readonly changes: readonly SubdirChange[]
  /** Subdirs that the base has and the target has not, with what they list. */
  readonly withdrawn: readonly { readonly state: SubdirState; readonly artifacts: ArtifactSet; readonly shards: readonly PublishedFile[] }[]
  /** Plain files to put and to remove. */
  readonly filesAdded: readonly PublishedFile[]
  readonly filesRemoved: readonly PublishedFile[]
}

/** Counts of a changeset, for plans and reports. */
export interface ChangesetTotals {
  readonly add: number
  readonly addBytes: number
  readonly remove: number
  readonly removeBytes: number
  readonly reused: number
  readonly relisted: number
}

/** True when carrying it out would change nothing that a reader can see. */
export function isEmptyChangeset(changeset: Changeset): boolean {
  return changeset.changes.length === 0 && changeset.withdrawn.length === 0 && changeset.filesAdded.length === 0 && changeset.filesRemoved.length === 0
}

/** Adds up a changeset; bytes of re-used names count as added. */
export function changesetTotals(changeset: Changeset): ChangesetTotals {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
  const { changes, withdrawn } = changeset
  return {
    add: sum(changes.map((change) => change.add.count)),
    addBytes: sum(changes.map((change) => change.add.bytes + change.reused.after.bytes)),
    remove: sum([...changes.map((change) => change.remove.count), ...withdrawn.map((subdir) => subdir.artifacts.count)]),
    removeBytes: sum([...changes.map((change) => change.remove.bytes), ...withdrawn.map((subdir) => subdir.artifacts.bytes)]),
    reused: sum(changes.map((change) => change.reused.after.count)),
    relisted: sum(changes.map((change) => change.relisted)),
  }
}

/** The identity of the state that a changeset leads to. */
export function targetId(changeset: Changeset): StateId {
  return stateId(changeset.target)
}
