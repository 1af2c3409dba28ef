import type { IncomingHttpHeaders } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { type Answer, refuseCall, Stop } from '../double/answer.ts'
import type { DoubleControls } from '../double/calls.ts'
import { answerBytes, answerIndex, NOT_FOUND } from '../double/conda-channel.ts'
import { attempt, createDouble, type Incoming, type Recorded } from '../double/create-double.ts'
import { type FormPart, readForm } from '../double/read-form.ts'
import { findFit, type FoundRoute, parseRoute, type RoutePath } from '../double/routes.ts'
import { createTargetState, recordOf, requireReader, type TargetChannel, type TargetServerOptions, type TargetState } from './target-state.ts'

/** One file of a channel, as somebody who reads it has it. */
export interface TargetFile {
  /** `<subdir>/<file>`. */
  readonly path: string
  readonly size: number
  readonly md5: string
  readonly sha256: string
}

/** A server on 127.0.0.1 that keeps what it is given, and serves it as a conda channel. */
export interface TargetServer extends AsyncDisposable, DoubleControls {
  /** Root of the server, without a slash at the end. */
  readonly url: string
  /** Where a conda client finds a channel, ending in a slash. */
  readonly channelUrl: (channel: string) => string
  readonly files: (channel: string) => readonly TargetFile[]
  /** The token, or `user:password`, is good no more. */
  readonly revoke: (credential: string) => void
}

/** What every double of a target refuses. */
export const TARGET_REFUSALS = {
  'unknown-call': 'no call of the API that the double knows',
  'unknown-query': 'a parameter that the call does not have, or another value of one than the clients send',
  'encoded-slash': 'a segment with an encoded slash',
  'agent-header': 'no "User-Agent"',
  'authorization-header': 'a credential in another form than the API takes',
  'body-unasked': 'a body where the call has none',
} as const

/** What a double of a form says of it beside. */
export const FORM_REFUSALS = {
  'no-length': 'a form without Content-Length; raw bytes may come without, as rattler sends them',
  'form-type': 'an upload that is not multipart/form-data with a boundary',
  'form-shape': 'multipart that is cut short or ends in something else',
  'form-fields': 'other fields than the clients send, or in another order',
} as const

/** One call whose route and credential have been read. */
export interface TargetCall {
  readonly state: TargetState
  /** The segment of the path under a name of the route. */
  readonly segment: (name: string) => string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** A token, or `user:password`; undefined without one. */
  readonly credential: string | undefined
  /** The parts of a form; they are written down. */
  readonly form: () => readonly FormPart[]
}

/** One call of an API. */
export interface TargetRoute extends RoutePath {
  readonly kind: string
  readonly hasBody: boolean
  /** Parameters with the values that they may have. */
  readonly query: Readonly<Record<string, RegExp>>
  readonly answer: (call: TargetCall) => Answer | Promise<Answer>
}

/** An API. */
export interface TargetProtocol {
  readonly routes: readonly TargetRoute[]
  /** Where conda clients find a channel, with `:channel`, such as `/get/:channel`; more of them where a name has two parts. */
  readonly channelPaths: readonly string[]
  /** The credential of a request; refuses another form of it. */
  readonly credentialOf: (headers: IncomingHttpHeaders) => string | undefined
  /** Where a credential that is no good reads what is public. */
  readonly readsAnonymously?: boolean
  readonly secretHeaders?: readonly string[]
  /** What an error looks like. */
  readonly describeError: (stop: Stop) => Answer
}

/** Makes a route: `POST upload` is its kind, `POST /api/upload/:channel` its pattern. */
export function targetRoute(
  [kind, pattern]: readonly [kind: string, pattern: string], options: { readonly hasBody?: boolean; readonly query?: Readonly<Record<string, RegExp>> }, answer: TargetRoute['answer'],
): TargetRoute {
  return { kind, ...parseRoute(pattern), hasBody: options.hasBody ?? false, query: options.query ?? {}, answer }
}

/** The channel of a call, from `:channel` or from `:namespace` and `:channel`; undefined where there is none. */
export function channelOf({ state, segment }: Pick<TargetCall, 'state' | 'segment'>): TargetChannel | undefined {
  const namespace = segment('namespace')
  return state.channels.get(namespace === '' ? segment('channel') : `${namespace}/${segment('channel')}`)
}

/** Starts a double. */
export async function startTargetServer(protocol: TargetProtocol, options: TargetServerOptions): Promise<TargetServer> {
  const state = createTargetState(options)
  const routes = [...protocol.routes, ...protocol.channelPaths.flatMap((path) => readingRoutes(path, protocol))]
  const find = (method: string, url: string): FoundRoute<TargetRoute> | undefined => findFit(routes, method, url.split('?', 1).join())
  const double = createDouble({
    kinds: new Set(routes.map(({ kind }) => kind)),
    kindOf: ({ method = '', url = '' }) => find(method, url)?.route.kind,
    showPath: (url) => url.replace(/\/t\/[^/]+\//, '/t/<token>/'),
    ...(protocol.secretHeaders === undefined ? {} : { secretHeaders: protocol.secretHeaders }),
    describeError: (text) => protocol.describeError(new Stop(500, text)).json ?? text,
    tls: options.tls,
  })
  const url = await double.listen(async (incoming) => await answerTarget({ protocol, state, find }, incoming))
  const [channelPath = ''] = protocol.channelPaths
  return Object.assign(double, {
    url,
    channelUrl: (channel: string) => `${url}${channelPath.replace(':channel', channel)}/`,
    files: (channel: string) => [...state.channels.get(channel)?.files ?? []].map(([path, { bytes, md5, sha256 }]) => ({ path, size: bytes.length, md5, sha256 })),
    revoke: (credential: string) => { state.credentials.delete(credential) },
    [Symbol.asyncDispose]: double.close,
  })
}

function readingRoutes(path: string, { readsAnonymously }: TargetProtocol): readonly TargetRoute[] {
  const answer = (call: TargetCall): Answer => answerReader(call, readsAnonymously ?? false)
  return (['GET', 'HEAD'] as const).map((method) => targetRoute([`${method} channel`, `${method} ${path}/:subdir/:file`], {}, answer))
}

function answerReader(call: TargetCall, readsAnonymously: boolean): Answer {
  const { state, segment, credential } = call
  const channel = channelOf(call)
  if (channel === undefined) return NOT_FOUND
  const isStranger = credential !== undefined && !state.credentials.has(credential)
  requireReader(state, channel, readsAnonymously && isStranger ? undefined : credential)
  const [subdir, file] = [segment('subdir'), segment('file')]
  const stored = channel.files.get(`${subdir}/${file}`)
  if (stored !== undefined) return answerBytes(stored.bytes)
  const listed = [...channel.files.values()].filter((one) => one.subdir === subdir && one.index !== undefined)
  if (file !== 'repodata.json' || (listed.length === 0 && subdir !== 'noarch')) return NOT_FOUND
  return answerIndex(subdir, listed.map((one) => ({ fileName: one.fileName, record: recordOf(one) })))
}

interface Served {
  readonly protocol: TargetProtocol
  readonly state: TargetState
  readonly find: (method: string, url: string) => FoundRoute<TargetRoute> | undefined
}

async function answerTarget({ protocol, state, find }: Served, { request, call }: Incoming): Promise<Answer> {
  const body = await buffer(request)
  const { method = '', url = '', headers } = request
  if (headers['content-type'] === 'application/json') call.body = readJson(body)
  return await attempt(call, async () => {
    const found = find(method, url)
    if (found === undefined) return refuseCall('unknown-call', `${method} ${call.path}`)
    const { route, segments } = found
    const query = new URLSearchParams(url.split(/\?(.*)/s)[1] ?? '')
    checkForm(found, { headers, query, body })
    return await route.answer({
      state, query, headers, body, credential: protocol.credentialOf(headers), segment: (name) => segments.get(name) ?? '',
      form: () => readParts(headers, body, call),
    })
  }, protocol.describeError)
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

function checkForm({ route, segments }: FoundRoute<TargetRoute>, { headers, query, body }: Pick<TargetCall, 'headers' | 'query' | 'body'>): void {
  if (headers['user-agent'] === undefined) refuseCall('agent-header', 'none')
  for (const value of segments.values()) if (value.includes('/')) refuseCall('encoded-slash', value)
  for (const [name, value] of query) if (route.query[name]?.test(value) !== true) refuseCall('unknown-query', `${name}=${value}`)
  if (!route.hasBody && body.length > 0) refuseCall('body-unasked', body.toString('utf8', 0, 80))
}

function readParts(headers: IncomingHttpHeaders, body: Buffer, call: Recorded): readonly FormPart[] {
  if (headers['content-length'] === undefined) refuseCall('no-length', 'no Content-Length')
  const parts = readForm(headers['content-type'], body)
  Object.assign(call, { form: parts.map(({ name, filename, contentType, bytes }) => ({ name, filename, contentType, size: bytes.length })) })
  return parts
}

/** The token of `Authorization: Bearer <token>`, or, where the API takes it, `user:password` of Basic. */
export function readAuthorization({ authorization }: IncomingHttpHeaders, takesBasic = false): string | undefined {
  if (authorization === undefined) return undefined
  const [, scheme, value = ''] = /^(Bearer|Basic) (\S+)$/.exec(authorization) ?? []
  if (scheme === 'Bearer') return value
  if (scheme === 'Basic' && takesBasic) return Buffer.from(value, 'base64').toString('utf8')
  return refuseCall('authorization-header', `it is ${takesBasic ? 'neither Bearer nor Basic' : 'not "Bearer <token>"'}`)
}
