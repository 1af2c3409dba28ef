import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { COMMON_HEADERS } from '../common-headers.ts'
import type { Refusal } from './access.ts'

/** Answers that something is not answered (RFC 9110 §11.6.1, §15.5.2; RFC 6585 §4). */
export function refuseAccess(response: ServerResponse, refusal: Refusal): void {
  const body = Buffer.from(`${refusal.text}\n`)
  response.writeHead(refusal.code, { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length, 'cache-control': 'no-store', ...COMMON_HEADERS, ...describe(refusal) }).end(body)
}

function describe(refusal: Refusal): OutgoingHttpHeaders {
  switch (refusal.code) {
    case 401:
      return { 'www-authenticate': [...refusal.challenges] }
    case 429:
    case 503:
      return { 'retry-after': String(refusal.seconds) }
    case 403:
    case 404:
      return {}
  }
}
