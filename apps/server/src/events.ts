/** What the server tells while it serves. No secrets: tokens and queries are left out. */
export type ServerEvent =
  /**
   * One request was answered, or broke off. `path` is without query and without token; `bytes` went to the client, head included; `duration` is in milliseconds, to the end of the answer;
   * `isWhole` is false when the client went, or the connection was broken on purpose. `user` is the name of the user or token that was let in; undefined where nobody had to say who they are.
   */
  | { readonly type: 'request'; readonly method: string; readonly path: string; readonly status: number; readonly bytes: number; readonly duration: number; readonly client: string; readonly user: string | undefined; readonly isWhole: boolean }
  /** A request failed for a reason of ours: a fault of the system, or of this program. */
  | { readonly type: 'request-failed'; readonly path: string; readonly error: unknown }
  /** Wrong tokens or passwords were sent from an address, or for a user that there is, so often that no more are looked at for a while. Told once for each while. */
  | { readonly type: 'guesses-refused'; readonly client: string; readonly user: string | undefined }
  /** Files were read again, and hold from now on. */
  | { readonly type: 'renewed'; readonly what: 'certificate' | 'access' }
  /** Files that changed cannot be used; those from before hold on. */
  | { readonly type: 'renewal-failed'; readonly what: 'certificate' | 'access'; readonly error: unknown }
  /** The certificate is about to end, or did. `expires` is in milliseconds since 1970. Told once a day. */
  | { readonly type: 'certificate-expires'; readonly path: string; readonly expires: number }
