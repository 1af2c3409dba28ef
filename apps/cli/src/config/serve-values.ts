/** Who may read what, as a file writes it. Paths are as they were written. */
export interface AccessValues {
  readonly channels?: readonly string[] | undefined
  readonly public?: boolean | undefined
  readonly tokens?: readonly string[] | undefined
  readonly htpasswd?: readonly string[] | undefined
  readonly users?: readonly string[] | undefined
}

/** The forms of the access log. */
export const ACCESS_LOGS = ['combined', 'json', 'none'] as const

/** A form of the access log. */
export type AccessLog = (typeof ACCESS_LOGS)[number]

/** How the mirror is served, as a file writes it. Paths are as they were written. */
export interface ServeValues {
  readonly host?: string | undefined
  readonly port?: number | undefined
  /** Milliseconds. */
  readonly max_age?: number | undefined
  readonly access_log?: AccessLog | undefined
  readonly processes?: number | undefined
  readonly tls?: { readonly cert?: string | undefined; readonly key?: string | undefined } | undefined
  readonly proxies?: readonly string[] | undefined
  readonly access?: readonly AccessValues[] | undefined
}
