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
  /** The selection depends on several subdirs, and one of them cannot be read. */
  | 'SELECTION_INCOMPLETE'
  /** The selection leaves nothing of a channel that has something. */
  | 'SELECTION_EMPTY'
  /** There is no such generation to go back to, or it was given up. */
  | 'GENERATION_ABSENT'
  /** Bytes that an older generation lists are gone. */
  | 'ROLLBACK_INCOMPLETE'
  /** Upstream has none of the folders of installers: most often another `remote_url` is meant, or none. */
  | 'INSTALLERS_NOT_FOUND'
  /** The page that lists installers breaks off, or lists none that can be verified. */
  | 'LISTING_UNREADABLE'
  /** The disk is full on which artifacts wait to be uploaded. */
  | 'SPOOL_NO_SPACE'
  /** A target took an artifact, and says afterwards that it does not have it. */
  | 'UPLOAD_LOST'
