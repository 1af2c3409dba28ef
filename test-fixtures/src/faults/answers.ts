import type { Fault } from '../exchange.ts'

/** Headers and body of an error answer. */
export interface StatusOptions {
  /** Seconds or a date as text; numbers may be negative or huge. */
  readonly retryAfter?: number | string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** Answers with a status. */
export function status(code: number, options: StatusOptions = {}): Fault {
  const retry = options.retryAfter === undefined ? {} : { 'retry-after': String(options.retryAfter) }
  return answer(`status ${code}`, code, { headers: { 'content-type': 'text/plain', ...retry, ...options.headers }, body: options.body ?? `${code}\n` })
}

/** Answers 200 with a login page, as portals and single-page applications do. */
export function htmlPage(): Fault {
  const body = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>\n'
  return answer('htmlPage', 200, { headers: { 'content-type': 'text/html' }, body })
}

/** Answers 200 with a JSON error. */
export function jsonError(): Fault {
  return answer('jsonError', 200, { headers: { 'content-type': 'application/json' }, body: '{"error":"internal","message":"try again"}' })
}

/** Answers 204 without a body. */
export function noContent(): Fault {
  return answer('noContent', 204, {})
}

/** Answers 304 although nothing was asked on condition. */
export function notModified(): Fault {
  return answer('notModified', 304, { headers: { etag: '"unasked"' } })
}

/** Answers 206 with the first half although no range was asked for. */
export function partialUnasked(): Fault {
  return {
    name: 'partialUnasked',
    run: ({ honest, send }) => {
      const half = honest.body.subarray(0, Math.ceil(honest.body.length / 2))
      send({
        status: 206,
        headers: { ...honest.headers, 'content-length': String(half.length), 'content-range': `bytes 0-${half.length - 1}/${honest.body.length}` },
        body: half,
      })
    },
  }
}

/** Answers 200 with this content in place of the file's. */
export function content(bytes: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Fault {
  return answer('content', 200, { headers, body: bytes })
}

function answer(
  name: string,
  code: number,
  options: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array },
): Fault {
  const body = Buffer.from(options.body ?? '')
  const length: Record<string, string> = code === 204 || code === 304 ? {} : { 'content-length': String(body.length) }
  return {
    name,
    run: ({ send }) => {
      send({ status: code, headers: { ...length, ...options.headers }, body })
    },
  }
}
