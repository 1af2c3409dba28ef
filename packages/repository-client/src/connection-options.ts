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
  /** Resolves names of hosts that upstream chose. */
  readonly guardedLookup: LookupFunction
}

/** Trusts the given certificate authorities (PEM) besides the default ones. Made once, because it costs milliseconds. */
export function trustAuthorities(pem: string | readonly string[] | undefined): SecureContext | undefined {
  if (pem === undefined || pem.length === 0) return undefined
  return createSecureContext({ ca: [...getCACertificates('default'), ...(typeof pem === 'string' ? [pem] : pem)] })
}
