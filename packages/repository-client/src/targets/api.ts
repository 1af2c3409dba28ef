import { isJsonObject, isMirrorError, redactText, redactUrl } from '@mirror/core'
import type { Bandwidth } from '../bandwidth.ts'
import type { Observe, TargetEvent } from '../events.ts'
import { describeReason, readError, TransientFailure, translateFailure } from '../failure.ts'
import type { HostHealth } from '../host-health.ts'
import { parseRetryAfter, retrying, type RetryPolicy } from '../retry.ts'
import { BodyTooLarge, type RequestBody, type Transport, type TransportRequest, type TransportResponse } from '../transport.ts'
import type { TargetCallOptions } from './target.ts'

/** One request to the API of a target. */
export interface ApiCall {
  readonly method: TransportRequest['method']
  /** Without secrets. */
  readonly url: string
  /** Beside those of the API itself. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** Whether it gets the headers of the API, with the credential among them. False for what the API only points at, such as the storage of a v4 server. Default true. */
  readonly isOwn?: boolean
  /** What it is for, as in *Cannot `create the package numpy`: …*. */
  readonly doing: string
}

/** The answer to a call: a status that means something to the caller. */
export interface ApiAnswer {
  readonly status: number
  readonly header: (name: string) => string | undefined
  /** The body. */
  readonly text: string
  /** What it says as JSON; undefined where it is none. */
  readonly json: unknown
}

/** The API of one target: sends calls and sorts what comes back. */
export interface TargetApi {
  /**
   * Sends one call, once. Every status is an answer but 5xx, 408, 425 and 429, which are a `TransientFailure` for `repeat`, 401 and 403 to own calls (`TARGET_FORBIDDEN`), and
   * redirects (`TARGET_REFUSED`): a credential goes nowhere but to the URL that was configured.
   */
  readonly send: (call: ApiCall, options: TargetCallOptions) => Promise<ApiAnswer>
  /** Carries out an operation, again from its start after each `TransientFailure`. `attempt` counts from 1. */
  readonly repeat: <Result>(doing: string, operation: (attempt: number) => Promise<Result>, options: TargetCallOptions) => Promise<Result>
  /** The error for an answer that the caller did not expect, in the server's own words. */
  readonly refusal: (call: Pick<ApiCall, 'doing' | 'url'>, answer: ApiAnswer, hint?: string) => Error
  /** The same for an answer that doing it all again may mend, as when somebody else was faster: a `TransientFailure`, which is the refusal itself after the last try. */
  readonly again: (call: Pick<ApiCall, 'doing' | 'url'>, answer: ApiAnswer, hint?: string) => Error
}

/** What the API of a target is made of. */
export interface TargetApiOptions {
  readonly transport: Transport
  /** Of every own call, the credential among them. */
  readonly headers: Readonly<Record<string, string>>
  /** Texts that no error may quote, however a server comes to say them. */
  readonly secrets: readonly string[]
  readonly health: HostHealth
  readonly retry: RetryPolicy
  readonly bandwidth: Bandwidth | undefined
  /** What to do without a credential, or with one that is not taken. */
  readonly loginHint: string
  /** What an answer says beside itself, for people. */
  readonly notices: (header: ApiAnswer['header']) => readonly string[]
  readonly observe: Observe<TargetEvent>
}

const LARGEST_ANSWER = 67_108_864
const LONGEST_QUOTE = 300
const TRANSIENT: ReadonlySet<number> = new Set([408, 425, 429])

/** Creates the API of a target. */
export function createTargetApi(options: TargetApiOptions): TargetApi {
  const { retry, observe, secrets, notices } = options
  const told = new Set<string>()
  const refusal: TargetApi['refusal'] = ({ doing, url }, answer, hint) => readError('TARGET_REFUSED', `Cannot ${doing}: ${redactUrl(url)} answered ${answer.status}${quote(answer, secrets)}`, {
    hint: hint ?? 'See what the server says; nothing else was changed by this.',
    details: { status: answer.status },
  })
  return {
    async send(call, { signal }) {
      const answer = await sendCall(call, options, signal)
      if (call.isOwn !== false) tellNotices(notices(answer.header), { told, secrets, observe })
      if (call.isOwn !== false && (answer.status === 401 || answer.status === 403)) throw forbidden(call, answer, options)
      if (answer.status >= 300 && answer.status < 400 && answer.status !== 304) throw redirected(call, answer, secrets)
      return answer
    },
    async repeat(doing, operation, { signal }) {
      return await retrying(operation, {
        policy: retry,
        signal,
        onRetry: (failure, attempt, delay) => observe({ type: 'target-retry', doing, attempt, reason: failure.reason, delay }),
        giveUp: (failure, tries) => isMirrorError(failure.cause) ? failure.cause : unreachable(doing, failure, tries),
      })
    },
    refusal,
    again(call, answer, hint) {
      const cause = refusal(call, answer, hint)
      return new TransientFailure('status', cause.message, { cause })
    },
  }
}

interface Telling extends Pick<TargetApiOptions, 'secrets' | 'observe'> {
  readonly told: Set<string>
}

/** Each once a run: a server says them with every answer. */
function tellNotices(notices: readonly string[], { told, secrets, observe }: Telling): void {
  for (const notice of notices) {
    if (told.has(notice)) continue
    told.add(notice)
    observe({ type: 'target-notice', message: shorten(notice, secrets) })
  }
}

function unreachable(doing: string, failure: TransientFailure, tries: number): Error {
  return readError('TARGET_UNREACHABLE', `Cannot ${doing}: ${failure.message || describeReason(failure.reason)}, in ${tries} tries`, {
    hint: 'Run the command again: what was uploaded stays, and what is half done is completed.',
    details: { reason: failure.reason, tries },
    cause: failure,
  })
}

async function sendCall(call: ApiCall, { transport, headers, secrets, health, retry, bandwidth, observe }: TargetApiOptions, signal: AbortSignal | undefined): Promise<ApiAnswer> {
  const url = new URL(call.url)
  const shown = (): string => redactUrl(url)
  health.assertUsable(url.host)
  const sent = call.body === undefined ? {} : { body: countSent(call.body, { bandwidth, observe, signal }) }
  try {
    const response = await transport.send({
      method: call.method, url, headers: { ...(call.isOwn === false ? { 'accept-encoding': 'identity' } : headers), ...call.headers }, guarded: false, signal, ...sent,
    })
    const answer = await readAnswer(response)
    if (answer.status >= 500 || TRANSIENT.has(answer.status)) {
      throw new TransientFailure('status', `${url.host} answered ${answer.status}${quote(answer, secrets)}`, { retryAfter: parseRetryAfter(answer.header('retry-after'), retry.now()) })
    }
    health.succeeded(url.host)
    return answer
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof BodyTooLarge) throw readError('TARGET_REFUSED', `Cannot ${call.doing}: the answer of ${shown()} is larger than ${LARGEST_ANSWER} bytes`)
    const translated = translateFailure(error, shown)
    if (translated instanceof TransientFailure) health.failed(url.host)
    throw translated
  }
}

interface CountSentOptions {
  readonly bandwidth: Bandwidth | undefined
  readonly observe: Observe<TargetEvent>
  readonly signal: AbortSignal | undefined
}

function countSent(body: RequestBody, { bandwidth, observe, signal }: CountSentOptions): RequestBody {
  return {
    ...body,
    async *chunks() {
      for await (const chunk of body.chunks()) {
        await bandwidth?.take(chunk.length, signal)
        yield chunk
        observe({ type: 'bytes-sent', bytes: chunk.length })
      }
    },
  }
}

async function readAnswer({ status, header, body }: TransportResponse): Promise<ApiAnswer> {
  const text = (await body.collect(LARGEST_ANSWER)).toString('utf8')
  return { status, header, text, json: parseJson(text) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** What the server says, for people: the text that APIs put into `error`, `detail` or `message`, or the start of the body. Of others, so never trusted to hold no secret. */
function quote({ json, text }: ApiAnswer, secrets: readonly string[]): string {
  const fields = isJsonObject(json) ? json : {}
  const told = wordsOf(fields['error']) ?? wordsOf(fields['detail']) ?? wordsOf(fields['message']) ?? wordsOfBody(text)
  const words = shorten(told, secrets)
  return words === '' ? '' : `: ${words}`
}

/** Words of others, without what may be a secret, on one line that is not too long. */
function shorten(told: string, secrets: readonly string[]): string {
  const words = redactText(maskSecrets(told, secrets).replace(/\s+/g, ' ').trim())
  return words.length > LONGEST_QUOTE ? `${words.slice(0, LONGEST_QUOTE)}…` : words
}

/** Of an error of S3 only what it is: the rest of it repeats what was signed. */
function wordsOfBody(text: string): string {
  const code = /<Error>[^]*<Code>([^<]*)<\/Code>/.exec(text)?.[1]
  if (code !== undefined) return `${code}: ${/<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? ''}`
  return /<(?:!doctype|html|\?xml)/i.test(text) ? '' : text
}

function maskSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((masked, secret) => masked.replaceAll(secret, '***'), text)
}

function wordsOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (isJsonObject(value)) return wordsOf(value['message']) ?? wordsOf(value['detail'])
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}

function forbidden({ doing, url }: ApiCall, answer: ApiAnswer, { loginHint, secrets }: TargetApiOptions): Error {
  const hint = answer.status === 401 ? loginHint : `The credential is known there, and may not do this. ${loginHint}`
  return readError('TARGET_FORBIDDEN', `Cannot ${doing}: ${redactUrl(url)} answered ${answer.status}${quote(answer, secrets)}`, { hint, details: { status: answer.status } })
}

function redirected({ doing, url }: ApiCall, answer: ApiAnswer, secrets: readonly string[]): Error {
  const to = answer.header('location')
  return readError('TARGET_REFUSED', `Cannot ${doing}: ${redactUrl(url)} leads elsewhere (${answer.status}${to === undefined ? '' : ` to ${maskSecrets(redactUrl(to), secrets)}`})`, {
    hint: 'Configure the URL that it leads to, if that is the server that is meant: a credential is sent nowhere else by itself.',
    details: { status: answer.status },
  })
}

/** A JSON body. */
export function jsonBody(value: unknown): RequestBody {
  const bytes = Buffer.from(JSON.stringify(value))
  return {
    type: 'application/json',
    length: bytes.length,
    async *chunks() {
      yield bytes
    },
  }
}
