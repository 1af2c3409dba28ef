/** Every code that `@mirror/store` throws. */
export type StoreErrorCode =
  | 'DIGEST_MISMATCH'
  | 'SIZE_MISMATCH'
  | 'STORE_FOREIGN'
  | 'STORE_UNSAFE_PATH'
  | 'STORE_NO_SPACE'
  | 'STORE_NOT_WRITABLE'
  | 'STORE_DAMAGED'
  | 'STORE_TOO_NEW'
  | 'STORE_NO_LOCKS'
  | 'STORE_WRITE_FAILED'
  | 'TRANSACTION_INCOMPLETE'
  | 'TRANSACTION_ENDED'
