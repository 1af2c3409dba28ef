import { redactUrl } from '@mirror/core'
import type { AddressGuard } from './address-guard.ts'
import type { Credentials } from './credentials.ts'
import type { Observe, ClientEvent } from './events.ts'
import { readError, TransientFailure, translateFailure } from './failure.ts'
import type { HostHealth } from './host-health.ts'
import { parseRetryAfter } from './retry.ts'
import type { ResponseBody, Transport } from './transport.ts'

/** One GET of our making. */
export interface ExchangeRequest {
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
  /** Of the last hop, for messages. */
  readonly shown: string
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
  readonly authorization: string | undefined
  readonly guarded: boolean
}

/** Creates the exchange of one channel. */
export function createExchange(options: ExchangeOptions): Exchange {
  const { home, credentials, guard, health, observe } = options

  async function admit(url: URL, from: URL, shownFrom: string): Promise<boolean> {
    if (url.origin === home.origin && (url.protocol === from.protocol || url.protocol === 'https:')) return false
    const shown = redactUrl(url)
    if (url.protocol !== 'https:' && !(url.protocol === 'http:' && from.protocol === 'http:')) {
      throw redirectRefused(shownFrom, shown, url.protocol === 'http:' ? 'it leads from https to http' : 'it is not a web address')
    }
    const isListed = options.redirectHosts?.includes(url.hostname) === true || options.redirectHosts?.includes(url.host) === true
    if (isListed) return false
    if (options.redirectHosts !== undefined) throw redirectRefused(shownFrom, shown, 'it is not among the allowed hosts')
    await guard.admit(url, shown)
    return true
  }

  async function firstHop(text: string): Promise<Hop> {
    const { url, authorization } = credentials.authorize(text)
    return { url, authorization, guarded: await admit(url, home, redactUrl(home)) }
  }

  async function nextHop(hop: Hop, location: string | undefined): Promise<Hop> {
    const shownFrom = redactUrl(hop.url)
    const url = location === undefined ? null : URL.parse(location, hop.url.href)
    if (url === null) throw redirectRefused(shownFrom, 'nowhere', 'it names no address')
    // What stands before an @ is for us to use, and we do not take credentials from a redirect.
    url.username = ''
    url.password = ''
    url.hash = ''
    const guarded = await admit(url, hop.url, shownFrom)
    observe({ type: 'redirected', from: shownFrom, to: redactUrl(url) })
    return { url, authorization: credentials.authorizationFor(url), guarded }
  }

  async function sendHop(hop: Hop, { headers, transport, signal }: ExchangeRequest): Promise<Answer> {
    const shown = redactUrl(hop.url)
    const { host } = hop.url
    health.assertUsable(host)
    try {
      const response = await transport.send({ url: hop.url, headers: headersFor(hop, options.userAgent, headers), guarded: hop.guarded, signal })
      const { status, header, body } = response
      if (status >= 500 || TRANSIENT.has(status)) {
        body.drain()
        throw new TransientFailure('status', `the server answered ${status}`, { retryAfter: parseRetryAfter(header('retry-after'), options.now()) })
      }
      health.succeeded(host)
      return { status, header, body, shown, length: contentLength(header('content-length')) }
    } catch (error) {
      signal?.throwIfAborted()
      const translated = translateFailure(error, { shown })
      if (translated instanceof TransientFailure) health.failed(host)
      throw translated
    }
  }

  return {
    async send(request) {
      let hop = await firstHop(request.url)
      for (let hops = 0; ; hops += 1) {
        const answer = await sendHop(hop, request)
        if (!REDIRECTS.has(answer.status)) return answer
        answer.body.drain()
        if (hops === MAXIMUM_REDIRECTS) throw redirectRefused(redactUrl(request.url), answer.shown, `it is behind more than ${MAXIMUM_REDIRECTS} redirects`)
        hop = await nextHop(hop, answer.header('location'))
      }
    },
  }
}

function headersFor({ authorization }: Hop, userAgent: string, headers: Readonly<Record<string, string>> = {}): Record<string, string> {
  const all: Record<string, string> = { 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'identity', ...headers }
  if (authorization !== undefined) all['authorization'] = authorization
  return all
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
    return readError('CHANNEL_FORBIDDEN', `Cannot read ${shown}: the server answered ${status}`, {
      hint: status === 401
        ? 'Give a token, or a user name and password, in the channel URL or in .netrc.'
        : 'The credentials do not allow it, or the channel needs some: check the token, the channel URL and .netrc.',
      details: { status },
    })
  }
  return readError('ANSWER_REFUSED', `Cannot read ${shown}: the server answered ${status}, which is not an answer to this request`, {
    hint: 'Look at the URL in a browser: a proxy or a login page may stand before the channel.',
    details: { status },
  })
}
