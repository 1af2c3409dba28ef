/** What the server tells while it serves. No secrets: tokens and queries are left out. */
export type ServerEvent =
  /**
   * One request was answered, or broke off. `path` is without query and without token; `bytes` went to the client, head included; `duration` is in milliseconds, to the end of the answer;
   * `isWhole` is false when the client went, or the connection was broken on purpose.
   */
  | { readonly type: 'request'; readonly method: string; readonly path: string; readonly status: number; readonly bytes: number; readonly duration: number; readonly client: string; readonly isWhole: boolean }
  /** A request failed for a reason of ours: a fault of the system, or of this program. */
  | { readonly type: 'request-failed'; readonly path: string; readonly error: unknown }
