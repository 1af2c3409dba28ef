/** Codes of the errors of this package. */
export type ServerErrorCode =
  /** The address cannot be listened to. */
  | 'SERVER_ADDRESS'
  /** Who may read what cannot be read: a file of tokens or users is absent, or something in it is wrong. */
  | 'ACCESS_INVALID'
  /** The certificate or its key cannot be read, or they do not belong together. */
  | 'TLS_INVALID'
