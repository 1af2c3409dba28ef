import { createHash } from 'node:crypto'
import { type PageCall, type Reply } from './route.ts'
import { renderPage } from './layout.ts'
import { html } from './html.ts'
import { renderEmpty } from './parts.ts'

/** Pages run nothing but our own script, and nothing of theirs is loaded from elsewhere. */
const SECURITY = {
  'content-security-policy': "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  // A path may have a token in it, and a proxy in front logs who referred.
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
} as const

const AGAIN = 3

/** Answers a request with what its route says. */
export function sendReply(call: PageCall, reply: Reply): void {
  switch (reply.type) {
    case 'page':
      return sendPage(call, reply)
    case 'json':
      return send(call, { status: reply.status ?? 200, type: 'application/json', body: Buffer.from(`${JSON.stringify(reply.value)}\n`), headers: { 'cache-control': 'private, no-cache', ...reply.headers } })
    case 'bytes':
      return send(call, { status: 200, type: reply.contentType, body: reply.body, headers: { 'cache-control': reply.cacheControl ?? 'private, no-cache', ...reply.headers } })
    case 'moved':
      return send(call, { status: 307, type: 'text/plain; charset=utf-8', body: Buffer.from('Moved\n'), headers: { location: reply.to, 'cache-control': 'no-store' } })
    case 'absent':
      return sendAbsent(call, reply.what)
    case 'not-yet':
      return sendNotYet(call, reply.what)
    case 'answered':
      return undefined
  }
}

/** True for a browser: whoever takes HTML by name. Clients that fetch files take anything. */
export function wantsHtml({ headers }: PageCall['request']): boolean {
  return headers.accept?.includes('text/html') === true
}

function isApi({ segments }: PageCall): boolean {
  return segments[0] === '-' && segments[1] === 'api'
}

function sendPage(call: PageCall, { page, status = 200, headers = {} }: Extract<Reply, { type: 'page' }>): void {
  send(call, { status, type: 'text/html; charset=utf-8', body: Buffer.from(renderPage(page, call)), headers: { 'cache-control': status === 200 ? 'private, no-cache' : 'no-store', ...SECURITY, ...headers } })
}

function sendAbsent(call: PageCall, what = 'There is nothing at this address.'): void {
  if (isApi(call)) return sendReply(call, { type: 'json', status: 404, value: { error: { code: 'NOT_FOUND', message: what } }, headers: { 'cache-control': 'no-store' } })
  if (!wantsHtml(call.request)) return send(call, { status: 404, type: 'text/plain; charset=utf-8', body: Buffer.from('Not found\n'), headers: { 'cache-control': 'no-store' } })
  const way = html`<p><a class="button" href="${call.root}">All channels</a></p>`
  sendPage(call, { type: 'page', status: 404, page: { title: 'Not found', crumbs: [], main: renderEmpty('Nothing here', what, way) } })
}

function sendNotYet(call: PageCall, what: string): void {
  const headers = { 'retry-after': String(AGAIN), 'cache-control': 'no-store' }
  if (isApi(call)) return sendReply(call, { type: 'json', status: 503, value: { error: { code: 'NOT_YET', message: what } }, headers })
  const text = `${what} Files are served all the while. This page shows itself again in a moment.`
  sendPage(call, { type: 'page', status: 503, headers, page: { title: 'One moment', crumbs: [], refresh: AGAIN, main: renderEmpty('Reading the index', text, html`<p><a class="button quiet" href="">Look again</a></p>`) } })
}

/** Tells that something went wrong on our side, without a word about the system. */
export function sendFault(call: PageCall): void {
  const headers = { 'cache-control': 'no-store' }
  if (isApi(call)) return sendReply(call, { type: 'json', status: 500, value: { error: { code: 'INTERNAL', message: 'Something went wrong on this server.' } }, headers })
  if (!wantsHtml(call.request)) return send(call, { status: 500, type: 'text/plain; charset=utf-8', body: Buffer.from('Internal error\n'), headers })
  sendPage(call, { type: 'page', status: 500, page: { title: 'Something went wrong', crumbs: [], main: renderEmpty('This page could not be made', 'The fault is on this side; it was noted. Files are served all the same.', html`<p><a class="button quiet" href="">Try again</a></p>`) } })
}

interface Sending {
  readonly status: number
  readonly type: string
  readonly body: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

function send({ request, response }: PageCall, { status, type, body, headers }: Sending): void {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
  const all = { ...headers, ...(status === 200 ? { etag } : {}) }
  if (status === 200 && isKnown(request.headers['if-none-match'], etag)) return void response.writeHead(304, all).end()
  response.writeHead(status, { ...all, 'content-type': type, 'content-length': body.length })
  response.end(request.method === 'HEAD' ? undefined : body)
}

/** RFC 9110 §13.1.2: weak comparison. */
function isKnown(condition: string | undefined, etag: string): boolean {
  return condition !== undefined && condition.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
