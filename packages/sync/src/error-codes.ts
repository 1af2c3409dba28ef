/** Every code that `@mirror/sync` throws or reports. */
export type SyncErrorCode =
  /** Upstream has none of the subdirs that are asked for, nor `noarch`: most often a wrong URL. */
  | 'CHANNEL_NOT_FOUND'
  /** A subdir that is asked for by name and that upstream does not have. */
  | 'SUBDIR_MISSING'
  /** Another run works on this channel. */
  | 'STORE_LOCKED'
  /** The store changed under the run, again and again. */
  | 'STORE_CONTENDED'
  /** Artifacts of a subdir could not be had. */
  | 'ARTIFACTS_FAILED'
  /** `noarch` could not be had, and a channel without it cannot be used. */
  | 'NOARCH_HELD'
