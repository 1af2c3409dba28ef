/** Every code that `@mirror/core` throws. */
export type CoreErrorCode =
  | 'NAME_UNSAFE'
  | 'SUBDIR_INVALID'
  | 'CHANNEL_INVALID'
  | 'DIGEST_INVALID'
  | 'VERSION_INVALID'
  | 'MATCH_SPEC_INVALID'
  | 'INDEX_MALFORMED'
  | 'INDEX_IMPLAUSIBLE'
  | 'SHARD_MALFORMED'
