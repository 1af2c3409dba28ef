import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

import type { Gate } from '../exchange.ts'
import { closeWith, listenLocally } from '../start-black-hole.ts'
import { answerChannel } from './channel.ts'
import { readForm } from './read-form.ts'
import { type Answer, refuse, Stop, type V4RefusalCode } from './refusals.ts'
import { answerCall, CALL_KINDS, findRoute } from './routes.ts'
import { createState, listDists, type State, type V4User } from './state.ts'
import { describeStorageError, takeUpload } from './upload-calls.ts'

/** What a v4 server has from the start. */
export interface V4ServerOptions {
  /** Login → user or organisation. */
  readonly users: Readonly<Record<string, V4User>>
  /** Where the API is on the server, default `/api` as on premises; `/` as anaconda.org has it. */
  readonly mount?: string
  /** Keep a release and a package whose last file was removed, default false: collected at once, as anaconda.org may do. */
  readonly keepsEmpty?: boolean
  /** API and storage over TLS, with PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string }
}

/** How a call goes wrong. */
export type V4Fault =
  /** Answers this, and does nothing. */
  | { readonly do: 'status'; readonly status: number; readonly error?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Resets the connection before the body is read, and does nothing. */
  | { readonly do: 'reset' }
  /** Does what was asked, then resets the connection instead of answering. */
  | { readonly do: 'lose-answer' }
  /** Answers after a while. */
  | { readonly do: 'slow'; readonly milliseconds: number }
  /** Answers when the gate is open. */
  | { readonly do: 'wait'; readonly gate: Gate }
  /** The test acts, then the call is answered. */
  | { readonly do: 'call'; readonly callback: () => void | Promise<void> }

/** When and how to go wrong. */
export interface V4Misbehaviour {
  /** Such as `POST stage`, `GET dist`, `DELETE package`, `POST channels/copy`, `HEAD /`, `POST storage`, `GET channel`. */
  readonly kind: string
  /** How many calls of the kind are answered honestly first, default 0. */
  readonly skip?: number
  /** How many then go wrong, default all. */
  readonly times?: number
  readonly fault: V4Fault
}

/** One field of an uploaded form. */
export interface V4FormField {
  readonly name: string
  readonly filename: string | undefined
  readonly contentType: string | undefined
  /** Bytes of its value. */
  readonly size: number
}

/** One call as the server saw it, without secrets. */
export interface V4Call {
  /** See {@link V4Misbehaviour.kind}; undefined for what the API does not know. */
  readonly kind: string | undefined
  readonly method: string
  /** As received, under the mount of the API; a token in it is left out. */
  readonly path: string
  /** Authorization is its scheme alone. */
  readonly headers: IncomingHttpHeaders
  /** Of a JSON body. */
  readonly body: unknown
  /** The fields of an upload, in the order of the wire. */
  readonly form: readonly V4FormField[] | undefined
  /** undefined as long as nothing was answered. */
  readonly status: number | undefined
  /** Why it was refused: such a call is a fault of the client, or one that the double has yet to learn from a real server. */
  readonly refusal: V4RefusalCode | undefined
  /** What went wrong on demand. */
  readonly fault: V4Fault['do'] | undefined
}

/** One committed file. */
export interface V4File {
  readonly package: string
  readonly version: string
  /** `<subdir>/<file>`. */
  readonly basename: string
  readonly isPublic: boolean
  readonly labels: readonly string[]
  readonly md5: string
  readonly sha256: string
  readonly size: number
}

/** A v4 server on 127.0.0.1 that keeps what it is given. */
export interface V4Server extends AsyncDisposable {
  /** Root of the API, without a slash at the end. */
  readonly url: string
  /** Where a conda client finds an owner's files, ending in a slash. */
  readonly channelUrl: (owner: string, options?: { readonly label?: string; readonly token?: string }) => string
  /** Every call, in the order of arrival. */
  readonly calls: readonly V4Call[]
  /** Those that were refused: empty at the end of a test, unless a refusal is what it is about. */
  readonly refused: readonly V4Call[]
  /** The committed files of an owner. */
  readonly files: (owner: string) => readonly V4File[]
  /** Names of an owner's packages → versions, also empty ones. */
  readonly packages: (owner: string) => Readonly<Record<string, readonly string[]>>
  readonly misbehave: (misbehaviour: V4Misbehaviour) => void
  /** The token is good no more. */
  readonly revoke: (token: string) => void
  /** Whatever is staged and not yet uploaded can no longer be uploaded. */
  readonly expireStages: () => void
  /** Forgets calls and misbehaviours; what was uploaded stays. */
  readonly reset: () => void
  readonly close: () => Promise<void>
}

type Recorded = { -readonly [K in keyof V4Call]: V4Call[K] }

interface Rule extends V4Misbehaviour {
  seen: number
  hits: number
}

interface Double {
  readonly state: State
  readonly mount: string
  readonly calls: Recorded[]
  readonly rules: Rule[]
  storageUrl: string
}

interface Incoming {
  readonly request: IncomingMessage
  readonly call: Recorded
}

/**
 * Starts a double of an Anaconda Repository's v4 API, with a storage on a port of its own, written from what real clients and servers were seen to do. What they
 * were not seen to do is refused: 400, and written down in `refused`.
 */
export async function startV4Server(options: V4ServerOptions): Promise<V4Server> {
  const mount = (options.mount ?? '/api').replace(/\/$/, '')
  const double: Double = { state: createState(options.users, options.keepsEmpty ?? false), mount, calls: [], rules: [], storageUrl: '' }
  const sockets = new Set<Socket>()
  const api = createListener(options, sockets)
  const storage = createListener(options, sockets)
  listenFor(api, double, async (incoming) => await answerApi(double, incoming))
  listenFor(storage, double, async (incoming) => await answerStorage(double, incoming))
  const scheme = options.tls === undefined ? 'http' : 'https'
  const origin = `${scheme}://127.0.0.1:${await listenLocally(api)}`
  double.storageUrl = `${scheme}://127.0.0.1:${await listenLocally(storage)}/storage`
  const close = async (): Promise<void> => { await Promise.all([closeWith(api, sockets), closeWith(storage, sockets)]) }
  // Not by spreading, which would read `refused` once and for all.
  return Object.assign(createControls(double, origin), { close, [Symbol.asyncDispose]: close })
}

function createListener(options: V4ServerOptions, sockets: Set<Socket>): Server {
  const server = options.tls === undefined ? createServer() : createTlsServer({ ...options.tls })
  server.keepAliveTimeout = 0
  server.on(options.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => { sockets.delete(socket) })
  })
  return server
}

function listenFor(server: Server, double: Double, answer: Handled['answer']): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const call = record(double, request)
    handle(double, { request, call, response, answer }).catch((error: unknown) => {
      // A client that left while it was sending is none of the double's faults; anything else must not look like a lost connection.
      if (request.socket.destroyed) return
      call.status = 500
      send(request, response, { status: 500, json: { error: `The double failed: ${String(error)}` } })
    })
  })
}

function createControls(double: Double, origin: string): Omit<V4Server, 'close' | typeof Symbol.asyncDispose> {
  const { state, calls, rules } = double
  return {
    url: `${origin}${double.mount}`,
    channelUrl: (owner, { label, token } = {}) =>
      `${origin}/conda/${token === undefined ? '' : `t/${token}/`}${owner}/${label === undefined ? '' : `label/${label}/`}`,
    calls,
    get refused() {
      return calls.filter((call) => call.refusal !== undefined)
    },
    files: (owner) => [...listDists(state, owner)].map(({ found, release, dist }) => {
      const { basename, labels, md5, sha256, bytes } = dist
      return { package: found.name, version: release.version, basename, isPublic: found.isPublic, labels: [...labels], md5, sha256, size: bytes.length }
    }),
    packages: (owner) =>
      Object.fromEntries([...state.packages.values()].filter((found) => found.owner === owner).map(({ name, releases }) => [name, [...releases.keys()]])),
    misbehave: (misbehaviour) => {
      if (!CALL_KINDS.has(misbehaviour.kind)) throw new TypeError(`There is no call "${misbehaviour.kind}"; there are: ${[...CALL_KINDS].join(', ')}`)
      rules.push({ ...misbehaviour, seen: 0, hits: 0 })
    },
    revoke: (token) => { state.tokens.delete(token) },
    expireStages: () => { for (const staged of state.stages.values()) staged.isExpired ||= staged.uploaded === undefined },
    reset: () => {
      calls.length = 0
      rules.length = 0
    },
  }
}

function record(double: Double, request: IncomingMessage): Recorded {
  const { method = '', url = '', headers } = request
  const { authorization } = headers
  const path = url.replace(/\/t\/[^/]+\//, '/t/<token>/')
  const shown = authorization === undefined ? headers : { ...headers, authorization: authorization.split(' ', 1).join() }
  const call: Recorded = {
    kind: undefined, method, path: underMount(double, path) ?? path, headers: shown, body: undefined, form: undefined, status: undefined, refusal: undefined,
    fault: undefined,
  }
  double.calls.push(call)
  return call
}

/** The path under the API's root, beginning with a slash, or undefined for one that is elsewhere. */
function underMount({ mount }: Double, path: string): string | undefined {
  if (path === mount) return '/'
  return path.startsWith(`${mount}/`) ? path.slice(mount.length) : undefined
}

const CONDA = '/conda/'

function kindOf(double: Double, request: IncomingMessage): string | undefined {
  const { method = '', url = '' } = request
  const [path = ''] = url.split('?', 1)
  if (path.startsWith('/storage')) return `${method} storage`
  if (path.startsWith(CONDA)) return `${method} channel`
  const inner = underMount(double, path)
  return inner === undefined ? undefined : findRoute(method, inner)?.kind
}

interface Handled extends Incoming {
  readonly response: ServerResponse
  readonly answer: (incoming: Incoming) => Promise<Answer>
}

async function handle(double: Double, { request, call, response, answer }: Handled): Promise<void> {
  call.kind = kindOf(double, request)
  const fault = takeFault(double, call.kind)
  call.fault = fault?.do
  if (fault?.do === 'reset') {
    reset(request)
    return
  }
  if (fault?.do === 'slow') await pause(fault.milliseconds)
  if (fault?.do === 'wait') await fault.gate.pass()
  if (fault?.do === 'call') await fault.callback()
  const answered = fault?.do === 'status' ? await failOnDemand(request, fault) : await answer({ request, call })
  if (fault?.do === 'lose-answer') {
    reset(request)
    return
  }
  call.status = answered.status
  send(request, response, answered)
}

function takeFault(double: Double, kind: string | undefined): V4Fault | undefined {
  for (const rule of double.rules) {
    if (rule.kind !== kind) continue
    const isDue = rule.seen >= (rule.skip ?? 0) && rule.hits < (rule.times ?? Infinity)
    rule.seen++
    if (!isDue) continue
    rule.hits++
    return rule.fault
  }
  return undefined
}

function reset(request: IncomingMessage): void {
  request.socket.resetAndDestroy()
}

async function failOnDemand(request: IncomingMessage, { status, error, headers }: Extract<V4Fault, { do: 'status' }>): Promise<Answer> {
  await buffer(request)
  return { status, json: { error: error ?? `status ${status} on demand` }, ...(headers === undefined ? {} : { headers }) }
}

function send(request: IncomingMessage, response: ServerResponse, { status, json, bytes, headers }: Answer): void {
  const text = bytes ?? (json === undefined ? '' : JSON.stringify(json))
  const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { 'content-type': bytes === undefined ? 'application/json' : 'application/xml', ...length, ...headers })
  response.end(request.method === 'HEAD' || status === 304 ? undefined : text)
}

/** Answers, or turns what stopped the call into its answer and writes a refusal down. */
function attempt(call: Recorded, body: () => Answer, describe: (stop: Stop) => Answer): Answer {
  try {
    return body()
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    call.refusal = error.refusal
    return describe(error)
  }
}

async function answerApi(double: Double, { request, call }: Incoming): Promise<Answer> {
  const body = await buffer(request)
  const { method = '', url = '', headers } = request
  const [path = '', query = ''] = url.split(/\?(.*)/s)
  if ((method === 'GET' || method === 'HEAD') && path.startsWith(CONDA)) return answerChannel(double.state, path.slice(CONDA.length - 1))
  call.body = readJson(body)
  return attempt(call, () => {
    const inner = underMount(double, path)
    const found = inner === undefined ? undefined : findRoute(method, inner)
    if (found === undefined) return refuse('unknown-call', `${method} ${call.path}`)
    return answerCall(double.state, found, { method, path, query: new URLSearchParams(query), headers, body, storageUrl: double.storageUrl })
  }, (stop) => ({ status: stop.status, json: { error: stop.message } }))
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

async function answerStorage(double: Double, { request, call }: Incoming): Promise<Answer> {
  const body = await buffer(request)
  const { method = '', url = '', headers } = request
  return attempt(call, () => {
    const download = /^\/storage\/([0-9a-f]{24})$/.exec(url)?.[1]
    if (method === 'GET' && download !== undefined) return sendStored(double.state, download)
    if (method !== 'POST' || url !== '/storage') return refuse('storage-path', `${method} ${url}`)
    const parts = readForm(headers['content-type'], body)
    call.form = parts.map(({ name, filename, contentType, bytes }) => ({ name, filename, contentType, size: bytes.length }))
    return takeUpload(double.state, { headers, parts })
  }, (stop) => ({ status: stop.status, bytes: describeStorageError('AccessDenied', stop.message) }))
}

function sendStored(state: State, id: string): Answer {
  const bytes = state.stages.get(id)?.uploaded
  return bytes === undefined ? { status: 404, bytes: describeStorageError('NoSuchKey', id) } : { status: 200, bytes }
}
