import type { ChannelState, PublishedFile, StateId } from '../state.ts'

/** The version of the format that this package writes and the newest that it reads. */
export const DELTA_FORMAT = 1

/** The folder of a delta that holds what describes it. Its dot keeps servers and clients of a plainly unpacked delta from minding it. */
export const DELTA_FOLDER = '.conda-delta'

/** Where the manifest lies in a delta, from its root. */
export const MANIFEST_PATH: string = `${DELTA_FOLDER}/manifest.json`

/** Where the signature of the manifest lies in a delta, if it has one. */
export const SIGNATURE_PATH: string = `${DELTA_FOLDER}/manifest.json.minisig`

/** The largest manifest that is read, in bytes. */
export const MAXIMUM_MANIFEST_BYTES: number = 64 * 1024 * 1024

/** What an entry is to its channel: an artifact, a shard, a plain file, or a document or variant of an index. */
export type DeltaEntryKind = 'artifact' | 'shard' | 'file' | 'index'

/** A file that travels; its path is that from the channel's root. */
export interface DeltaEntry extends PublishedFile {
  readonly kind: DeltaEntryKind
}

/** A state with its identity. */
export interface KnownState {
  readonly id: StateId
  readonly state: ChannelState
}

/** What a delta brings to one channel. */
export interface DeltaChannel {
  /** Where the channel lies in the mirror: a plain relative folder, or empty where the mirror is the channel. */
  readonly folder: string
  /**
   * The states that it starts from; any of them will do. None: what it starts from is not known, so that only the completeness of the target can be checked. A delta from
   * nothing has the empty state among them.
   */
  readonly bases: readonly KnownState[]
  readonly target: KnownState
  /** In the order in which they travel: nothing is named by an index before it is there. */
  readonly entries: readonly DeltaEntry[]
  /** Artifacts and shards that a base lists and the target does not, by path, sorted; re-used names are not among them. */
  readonly remove: readonly string[]
}

/** What a delta says of itself. */
export interface DeltaManifest {
  /** The format that a reader has to understand; at most `DELTA_FORMAT`. */
  readonly reader: number
  /** For people, and against old deltas by mistake: later deltas of one line have higher numbers. Deltas chain by state. */
  readonly sequence: number
  /** When it was made, ISO 8601 in UTC; left out where the same delta should have the same bytes. */
  readonly created: string | undefined
  /** The near side's word: its guards had nothing against it, somebody overrode them, or it has none. */
  readonly guards: 'satisfied' | 'overridden' | 'none'
  /** Sorted by folder. */
  readonly channels: readonly DeltaChannel[]
  /** How many entries each volume has, in order; empty where the delta is not split. */
  readonly volumes: readonly number[]
}

/** Sums over a delta. */
export interface DeltaTotals {
  readonly entries: number
  /** Bytes of all entries. */
  readonly bytes: number
  readonly remove: number
}

/** Adds up a delta. */
export function deltaTotals({ channels }: Pick<DeltaManifest, 'channels'>): DeltaTotals {
  const totals = { entries: 0, bytes: 0, remove: 0 }
  for (const { entries, remove } of channels) {
    totals.entries += entries.length
    totals.remove += remove.length
    for (const { size } of entries) totals.bytes += size
  }
  return totals
}

/** The path of something of a channel from the root of the mirror, and of the delta. */
export function deltaPath(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`
}
