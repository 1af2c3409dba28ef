/** Every code that `@mirror/sync` throws or reports. */
export type SyncErrorCode =
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
