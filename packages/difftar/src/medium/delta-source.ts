import type { DeltaManifest } from '@mirror/delta'

/** What the reader of a delta tells while it works. */
export interface VerifyProgress {
  readonly type: 'delta-verified'
  readonly entries: number
  readonly bytes: number
}

/** What carries a delta: a folder, a tarball, or the volumes of one. */
export interface DeltaSource extends AsyncDisposable {
  /** For messages. */
  readonly label: string
  readonly manifestBytes: Uint8Array
  /** The text of the signature file, unverified. */
  readonly signature: string | undefined
  /** Undefined for what is not split. */
  readonly volumes: SourceVolumes | undefined
  /** Finds every entry, and compares it byte for byte with the manifest. Throws `DELTA_UNSAFE_ARCHIVE`, `DELTA_INCOMPLETE` or `DELTA_DAMAGED`. */
  readonly verify: (manifest: DeltaManifest, options: VerifySourceOptions) => Promise<void>
  /** The bytes of an entry by its path from the root of the delta, once `verify` has found it. Each piece is valid until the next one is asked for. */
  readonly open: (path: string) => AsyncIterable<Uint8Array>
}

/** Options of `DeltaSource.verify`. */
export interface VerifySourceOptions {
  readonly signal: AbortSignal | undefined
  readonly observe: (event: VerifyProgress) => void
}

/** An entry of any channel, by its path from the root of the delta. */
export interface PlacedEntry {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** The volumes of a delta that is split. */
export interface SourceVolumes {
  readonly of: number
  /** Their numbers, those that came before and were kept included. */
  readonly here: readonly number[]
  readonly missing: readonly number[]
  /** How many bytes `keep` copies. */
  readonly bytes: number
  /**
   * Copies the volumes at hand to where volumes are kept, each compared with the manifest byte for byte before it has its name. What came before stays. Throws `DELTA_UNSAFE_ARCHIVE`, `DELTA_INCOMPLETE` or `DELTA_DAMAGED`, and names
   * the volume.
   */
  readonly keep: (manifest: DeltaManifest, options: VerifySourceOptions) => Promise<void>
  /** Removes what was kept of this delta; answers the folders of others that are still there. */
  readonly forget: () => readonly string[]
}
