import { join } from 'node:path'

/** Variables of the environment, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What the environment says; the only place that looks at it. An empty variable counts as unset. */
export interface EnvironmentValues {
  readonly home: string | undefined
  readonly proxies: { readonly http: string | undefined; readonly https: string | undefined; readonly none: string | undefined }
  /** The file with names and passwords: `NETRC`, else `~/.netrc`. It may be absent; `required` when it was named. */
  readonly netrc: { readonly path: string; readonly required: boolean } | undefined
  /** A file with certificates: `REQUESTS_CA_BUNDLE`, else `CURL_CA_BUNDLE`, else `SSL_CERT_FILE`, as conda has it. */
  readonly certificates: string | undefined
  readonly color: boolean
  /** `TERM` says that the terminal can do nothing but print, or this is a CI job. */
  readonly plain: boolean
}

/** Reads the environment. Of a variable in both cases the lower one wins, as in curl. */
export function readEnvironment(env: Environment): EnvironmentValues {
  const read = (...names: readonly string[]): string | undefined => names.map((name) => env[name]).find((value) => value !== undefined && value !== '')
  const home = read('HOME', 'USERPROFILE')
  const named = read('NETRC')
  const standard = home === undefined ? undefined : { path: join(home, '.netrc'), required: false }
  return {
    home,
    proxies: {
      http: read('http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'),
      https: read('https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'),
      none: read('no_proxy', 'NO_PROXY'),
    },
    netrc: named === undefined ? standard : { path: named, required: true },
    certificates: read('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'SSL_CERT_FILE'),
    color: read('NO_COLOR') === undefined,
    plain: env['TERM'] === 'dumb' || read('CI') !== undefined,
  }
}
