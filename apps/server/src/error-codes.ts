/** Codes of the errors of this package. */
export type ServerErrorCode =
  /** The address cannot be listened to. */
  | 'SERVER_ADDRESS'
