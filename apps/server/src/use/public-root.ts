import type { IncomingMessage } from 'node:http'

const HOST = /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/
const PREFIX = /^(?:\/[A-Za-z0-9._~-]+)*\/?$/
const UNKNOWN = 'mirror.example.org'

/**
 * The address of the site as the client wrote it, with a slash at its end: for texts, never for links. What `Host` says is taken when it is a host, and `X-Forwarded-Proto`, `-Host` and
 * `-Prefix` when a proxy that is trusted sent them. Where a script runs, it shows what the browser knows instead.
 */
export function readPublicRoot({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>, isForwarded: boolean): string {
  const told = (name: string): string | undefined => (isForwarded ? lastOf(headers[name]) : undefined)
  const host = [told('x-forwarded-host'), headers.host].find((text) => text !== undefined && HOST.test(text)) ?? UNKNOWN
  const protocol = told('x-forwarded-proto')
  const scheme = protocol === 'https' || (protocol !== 'http' && 'encrypted' in socket) ? 'https' : 'http'
  const prefix = told('x-forwarded-prefix') ?? ''
  return `${scheme}://${host}${PREFIX.test(prefix) ? prefix.replace(/\/$/, '') : ''}/`
}

/** The one that the nearest proxy wrote. */
function lastOf(header: string | readonly string[] | undefined): string | undefined {
  return (typeof header === 'string' ? header : header?.join(','))?.split(',').at(-1)?.trim()
}
