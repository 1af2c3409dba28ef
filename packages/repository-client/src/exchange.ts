import { redactUrl } from '@mirror/core'
import type { AddressGuard } from './address-guard.ts'
import type { Credentials } from './credentials.ts'
import type { Observe, ClientEvent } from './events.ts'
import { readError, TransientFailure, translateFailure } from './failure.ts'
import type { HostHealth } from './host-health.ts'
import { parseRetryAfter } from './retry.ts'
import type { ResponseBody, Transport } from './transport.ts'

/** One request of our making. */
export interface ExchangeRequest {
  /** Default GET. */
  readonly method?: 'GET' | 'HEAD'
  /** Without secrets; they are added for the channel's own origin. */
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly transport: Transport
  readonly signal?: AbortSignal | undefined
}

/** An answer that says something definite: neither a redirect nor a transient failure. */
export interface Answer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly body: ResponseBody
  /** The URL of the last hop, for messages. */
  readonly shown: () => string
  /** From `Content-Length`. */
  readonly length: number | undefined
}

/** What an exchange is made of. */
export interface ExchangeOptions {
  readonly home: URL
  readonly credentials: Credentials
  readonly guard: AddressGuard
  readonly health: HostHealth
  readonly userAgent: string
  /** Undefined: any host that the guard admits. */
  readonly redirectHosts: readonly string[] | undefined
  readonly now: () => number
  readonly observe: Observe<ClientEvent>
}

/** Sends one request, follows its redirects, and sorts failures into transient and final ones. No retries. */
export interface Exchange {
  readonly send: (request: ExchangeRequest) => Promise<Answer>
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429])
const MAXIMUM_REDIRECTS = 10

interface Hop {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly guarded: boolean
}

/** Creates the exchange of one channel. */
export function createExchange(options: ExchangeOptions): Exchange {
  return {
    async send(request) {
      let hop = await firstHop(request.url, options)
      for (let hops = 0; ; hops += 1) {
        const answer = await sendHop(hop, request, options)
        if (!REDIRECTS.has(answer.status)) return answer
        answer.body.drain()
        if (hops === MAXIMUM_REDIRECTS) throw redirectRefused(redactUrl(request.url), answer.shown(), `it is behind more than ${MAXIMUM_REDIRECTS} redirects`)
        hop = await nextHop(hop, answer.header('location'), options)
      }
    },
  }
}

async function firstHop(text: string, options: ExchangeOptions): Promise<Hop> {
  const { url, headers } = options.credentials.authorize(text)
  return { url, headers, guarded: await admit(url, options.home, options) }
}

async function nextHop(hop: Hop, location: string | undefined, options: ExchangeOptions): Promise<Hop> {
  const from = redactUrl(hop.url)
  const url = location === undefined ? null : URL.parse(location, hop.url.href)
  if (url === null) throw redirectRefused(from, 'nowhere', 'it names no address')
  // What stands before an @ is for us to use, and we do not take credentials from a redirect.
  url.username = ''
  url.password = ''
  url.hash = ''
  const guarded = await admit(url, hop.url, options)
  options.observe({ type: 'redirected', from, to: redactUrl(url) })
  return { url, headers: options.credentials.headersFor(url), guarded }
}

/** Throws `REDIRECT_REFUSED` for where we may not be sent; true where the address of the name has to be checked as well. */
async function admit(url: URL, from: URL, { home, redirectHosts, guard }: ExchangeOptions): Promise<boolean> {
  const refuse = (why: string): Error => redirectRefused(redactUrl(from), redactUrl(url), why)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refuse('it is not a web address')
  if (url.protocol === 'http:' && from.protocol === 'https:') throw refuse('it leads from https to http')
  if (url.origin === home.origin) return false
  if (redirectHosts === undefined) {
    await guard.admit(url, redactUrl(url))
    return true
  }
  if (redirectHosts.includes(url.hostname) || redirectHosts.includes(url.host)) return false
  throw refuse('it is not among the allowed hosts')
}

async function sendHop(hop: Hop, { method = 'GET', headers, transport, signal }: ExchangeRequest, { health, userAgent, now }: ExchangeOptions): Promise<Answer> {
  const { host } = hop.url
  const shown = (): string => redactUrl(hop.url)
  health.assertUsable(host)
  try {
    const { status, header, body } = await transport.send({ method, url: hop.url, headers: headersFor(hop, userAgent, headers), guarded: hop.guarded, signal })
    if (status >= 500 || TRANSIENT.has(status)) {
      body.drain()
      throw new TransientFailure('status', `the server answered ${status}`, { retryAfter: parseRetryAfter(header('retry-after'), now()) })
    }
    health.succeeded(host)
    return { status, header, body, length: contentLength(header('content-length')), shown }
  } catch (error) {
    signal?.throwIfAborted()
    const translated = translateFailure(error, shown)
    if (translated instanceof TransientFailure) health.failed(host)
    throw translated
  }
}

function headersFor(hop: Hop, userAgent: string, headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { 'user-agent': userAgent, 'accept': '*/*', 'accept-encoding': 'identity', ...headers, ...hop.headers }
}

function contentLength(value: string | undefined): number | undefined {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

function redirectRefused(from: string, to: string, why: string): Error {
  return readError('REDIRECT_REFUSED', `Cannot follow ${from} to ${to}: ${why}`, {
    hint: 'If upstream is meant to send this program there, allow that host in the configuration.',
    details: { from, to },
  })
}

/** What to do with the statuses that each caller does not expect: 400, 401, 403, 416, 421, 204 and the rest. Closes the body. */
export function refusal({ status, body, shown }: Answer): Error {
  body.drain()
  if (status === 401 || status === 403) {
    return readError('CHANNEL_FORBIDDEN', `Cannot read ${shown()}: the server answered ${status}`, {
      hint: status === 401
        ? 'Give a token, or a user name and password, in the channel URL or in .netrc.'
        : 'The credentials do not allow it, or the channel needs some: check the token, the channel URL and .netrc.',
      details: { status },
    })
  }
  return readError('ANSWER_REFUSED', `Cannot read ${shown()}: the server answered ${status}, which is not an answer to this request`, {
    hint: 'Look at the URL in a browser: a proxy or a login page may stand before the channel.',
    details: { status },
  })
}
