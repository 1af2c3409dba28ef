import type { ArtifactSet, Sha256, SubdirName } from '@mirror/core'
import type { KnownState } from '@mirror/delta'

/** A subdir as a reference describes it. */
export interface ReferenceSubdir {
  readonly artifacts: ArtifactSet
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
