import type { ArtifactCursor, ArtifactSet, Sha256, SubdirName } from '@mirror/core'
import type { KnownState } from '@mirror/delta'

/** Artifacts one after the other, in order of name, out of a file. */
export interface ArtifactWalk extends ArtifactCursor, Disposable {
  /** At the end: whether all of them came. Otherwise something is not as it should be, and only `artifacts` tells. */
  readonly isWhole: () => boolean
}

/** A subdir as a reference describes it. */
export interface ReferenceSubdir {
  readonly artifacts: ArtifactSet
  /** The same without holding them, where that can be done. */
  readonly walk?: (() => ArtifactWalk) | undefined
  /** Some of them have an md5 and no sha256. */
  readonly isWeak: boolean
  /** Shards that its shard index names. */
  readonly shards: ReadonlySet<Sha256>
  /** Of an old reference: a fingerprint of each record of `packages` (`fingerprintRecord`); undefined elsewhere. */
  readonly records: ReadonlyMap<string, string> | undefined
}

/** A channel as a reference describes it. */
export interface ReferenceChannel {
  readonly folder: string
  /** Undefined for an old reference, which does not say. */
  readonly known: KnownState | undefined
  readonly subdirs: ReadonlyMap<SubdirName, ReferenceSubdir>
}

/** What a mirror held when the reference was made. */
export interface Reference {
  /** The highest generation of its channels; 0 where there is none. */
  readonly sequence: number
  readonly channels: readonly ReferenceChannel[]
}
