/** The codes of errors that this package throws. */
export type SelectionErrorCode =
  /** A seed of the closure, or an artifact of a lock file, cannot be had from what the channel has: nothing is downloaded. */
  | 'CLOSURE_UNSOLVABLE'
  /** An environment file or a lock file cannot be read. */
  | 'SEEDS_INVALID'
