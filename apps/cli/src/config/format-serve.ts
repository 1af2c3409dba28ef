import type { AccessConfig, ServeConfig } from './resolve-serve.ts'
import { formatDurationKey } from './units.ts'

/** How the mirror is served, as a part of a configuration file; no key where nothing was said of it. */
export function formatServe({ host, port, maximumAge, accessLog, processes, tls, proxies, access }: ServeConfig): { readonly serve?: object } {
  const serve = {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(maximumAge === undefined ? {} : { max_age: formatDurationKey(maximumAge) }),
    ...(accessLog === undefined ? {} : { access_log: accessLog }),
    ...(processes === undefined ? {} : { processes }),
    ...(tls === undefined ? {} : { tls: { cert: tls.certificate, key: tls.key } }),
    ...(proxies.length === 0 ? {} : { proxies }),
    ...(access === undefined ? {} : { access: access.map(formatRule) }),
  }
  return Object.keys(serve).length === 0 ? {} : { serve }
}

function formatRule({ channels, isPublic, tokens, htpasswd, users }: AccessConfig): object {
  if (isPublic) return { channels, public: true }
  return { channels, ...(tokens.length === 0 ? {} : { tokens }), ...(htpasswd.length === 0 ? {} : { htpasswd }), ...(users === undefined ? {} : { users }) }
}
