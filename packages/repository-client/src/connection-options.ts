import type { LookupFunction } from 'node:net'
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls'
import type { ProxySettings } from './proxy.ts'

/** What both transports need to connect. */
export interface ConnectionOptions {
  /** Connections for each host. */
  readonly concurrency: number
  /** Milliseconds until a connection, with its tunnel and handshake, must stand. */
  readonly connectTimeout: number
  readonly proxy: ProxySettings
  /** Undefined: the certificate authorities that Node trusts by default. */
  readonly secureContext: SecureContext | undefined
  /** Takes certificates that prove nothing. Only for a target whose site says so (`ssl_verify: false`), never for what is mirrored. */
  readonly insecure?: boolean
  /** Resolves names of hosts that upstream chose. */
  readonly guardedLookup: LookupFunction
}

/** The same for `node:tls` and what is built on it. */
export function tlsOptions({ secureContext, insecure = false }: Pick<ConnectionOptions, 'secureContext' | 'insecure'>): { readonly secureContext?: SecureContext; readonly rejectUnauthorized?: false } {
  return { ...(secureContext === undefined ? {} : { secureContext }), ...(insecure ? { rejectUnauthorized: false } : {}) }
}

/** Trusts the given certificate authorities (PEM) besides the default ones. Made once, because it costs milliseconds. */
export function trustAuthorities(pem: string | readonly string[] | undefined): SecureContext | undefined {
  if (pem === undefined || pem.length === 0) return undefined
  return createSecureContext({ ca: [...getCACertificates('default'), ...(typeof pem === 'string' ? [pem] : pem)] })
}
