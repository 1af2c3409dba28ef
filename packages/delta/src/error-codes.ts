/** Every code that `@mirror/delta` throws. */
export type DeltaErrorCode =
  | 'DELTA_MALFORMED'
  | 'DELTA_TOO_NEW'
