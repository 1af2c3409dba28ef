import type { ArtifactSet, IndexTable, Sha256, SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'

/** One side of a comparison: a mirror, a generation of its stores, a reference, what a delta leads to, or one channel of upstream. */
export interface ComparedState {
  readonly kind: 'mirror' | 'generation' | 'reference' | 'delta' | 'channel'
  /** For people. */
  readonly label: string
  /** It says nothing of channels that it does not have, so that they are not compared. */
  readonly isPartial: boolean
  readonly channels: readonly ComparedChannel[]
}

/** A channel of one side. */
export interface ComparedChannel {
  /** Where it lies in its mirror; empty where the mirror is the channel. */
  readonly folder: string
  readonly subdirs: readonly ComparedSubdir[]
  /** Plain files; undefined where the side does not say. */
  readonly files: readonly PublishedFile[] | undefined
}

/** A subdir of one side. */
export interface ComparedSubdir {
  readonly subdir: SubdirName
  /** The sha256 of its index document, where that is known without reading it. Two sides with the same one are the same, and neither is read. */
  readonly document: Sha256 | undefined
  /** Reads what it lists: `absent` where there turns out to be none, `unknown` where this side cannot say. */
  readonly read: (options: ReadListingOptions) => Promise<SubdirListing | 'absent' | 'unknown'>
}

/** Options of `ComparedSubdir.read`. */
export interface ReadListingOptions {
  /** The other side knows some artifacts by md5 alone. */
  readonly md5: boolean
  /** The other side has fingerprints of records, as an old reference does. */
  readonly records: boolean
  readonly signal: AbortSignal | undefined
}

/** What a subdir lists. */
export interface SubdirListing {
  readonly document: Sha256 | undefined
  readonly artifacts: ArtifactSet
  /** The same by md5, where it was asked for. */
  readonly byMd5: ArtifactSet | undefined
  /** The index itself, where it is at hand: without it, records cannot be compared. */
  readonly table: IndexTable | undefined
  /** Fingerprints of the records of `packages`: of an old reference, and where they were asked for. */
  readonly records: ReadonlyMap<string, string> | undefined
  /** Some artifacts have an md5 and no sha256. */
  readonly isWeak: boolean
}
