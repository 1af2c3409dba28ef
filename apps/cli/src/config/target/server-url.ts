import { isIPv4 } from 'node:net'

/** A server's URL, or what is wrong with it: half a sentence without a secret. */
export type ServerUrl =
  | { readonly status: 'valid'; readonly url: string; readonly host: string; readonly isExposed: boolean }
  | { readonly status: 'invalid'; readonly what: string }

/**
 * Reads the URL of a server: http or https, no user name, password, `/t/<token>`, query or fragment. The result is as the URL standard writes it, without a slash at the end.
 * `isExposed`: secrets that are sent there can be read on the way, because it is http and not this machine.
 */
export function readServerUrl(text: string): ServerUrl {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') return { status: 'invalid', what: 'it is not a URL' }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return { status: 'invalid', what: `it begins with ${url.protocol}//, and only https:// and http:// are known` }
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return { status: 'invalid', what: 'it has spaces, backslashes or control characters' }
  const secret = findSecret(url)
  if (secret !== undefined) return { status: 'invalid', what: secret }
  const isExposed = url.protocol === 'http:' && !isLoopback(url.hostname)
  return { status: 'valid', url: `${url.protocol}//${url.host}${trimSlashes(url.pathname)}`, host: url.hostname, isExposed }
}

function findSecret(url: URL): string | undefined {
  if (url.username !== '' || url.password !== '') return 'it has a user name or password in it'
  if (/\/t\/[^/]/.test(url.pathname)) return 'it has a token in it'
  return url.search === '' && url.hash === '' ? undefined : 'it has a query or fragment'
}

/** Without slashes at the end. */
export function trimSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end -= 1
  return text.slice(0, end)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'))
}
