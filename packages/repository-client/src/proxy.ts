import { isIP } from 'node:net'
import { BlockList } from 'node:net'
import { readError } from './failure.ts'

/** Which proxies to use: the values that the environment variables of the same names would have. They may hold credentials, which are never shown. */
export interface ProxySettings {
  /** For `http:` URLs. */
  readonly httpProxy?: string | undefined
  /** For `https:` URLs, by CONNECT. */
  readonly httpsProxy?: string | undefined
  /** Hosts that are reached without a proxy, separated by commas or blanks: `host`, `.suffix`, `host:port`, an address, a CIDR range, or `*`. */
  readonly noProxy?: string | undefined
}

/** The proxy for a URL; undefined for a direct connection. Throws `PROXY_REFUSED` for a proxy that is not an `http:` or `https:` URL. */
export function proxyFor(url: URL, settings: ProxySettings): URL | undefined {
  const proxy = url.protocol === 'https:' ? settings.httpsProxy : settings.httpProxy
  if (proxy === undefined || proxy === '' || isExempt(url, settings.noProxy ?? '')) return undefined
  return parseProxy(proxy)
}

/** The value of `Proxy-Authorization` for the credentials in a proxy's URL. */
export function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '' && proxy.password === '') return undefined
  return `Basic ${Buffer.from(`${decodePart(proxy.username)}:${decodePart(proxy.password)}`).toString('base64')}`
}

function parseProxy(text: string): URL {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`)
  if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url
  throw readError('PROXY_REFUSED', 'Cannot use the proxy: its address is not an http: or https: URL', {
    hint: 'Write it as http://host:port; SOCKS proxies are not supported.',
  })
}

function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  return list.toLowerCase().split(/[\s,]+/).some((entry) => entry !== '' && matches(entry, host, port))
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return isInRange(entry, host)
  const withPort = /^(.*[^:]):(\d+)$/.exec(entry)
  if (withPort !== null && withPort[2] !== port) return false
  const name = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '').replace(/^\*?\./, '')
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`))
}

function isInRange(entry: string, host: string): boolean {
  const [network = '', prefix = ''] = entry.split('/')
  const version = isIP(network)
  if (version === 0 || isIP(host) !== version || !/^\d{1,3}$/.test(prefix) || Number(prefix) > (version === 6 ? 128 : 32)) return false
  const type = version === 6 ? 'ipv6' : 'ipv4'
  const list = new BlockList()
  list.addSubnet(network, Number(prefix), type)
  return list.check(host, type)
}

function decodePart(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
