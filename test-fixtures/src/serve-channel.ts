import { type FileHandle, open } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import type { Exchange, Fault, Reply } from './exchange.ts'
import { describeFile, type PlannedReply, planReply } from './plan-reply.ts'

/** How a channel is served. */
export interface ServeOptions {
  /** Where the channel is on the server, default `/`; such as `/conda-forge/`. */
  readonly mount?: string
  /** Only these names get in; others get 401. */
  readonly auth?: { readonly user: string; readonly password: string }
  /** Only paths under `/t/<token>/` are answered; others get 401. Without it any `/t/<anything>/` is stripped. */
  readonly token?: string
  /** Serve over TLS, with PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Headers on every honest answer. */
  readonly headers?: Readonly<Record<string, string>>
}

/** When and how to misbehave. */
export interface Misbehaviour {
  /** Which request paths (as received, without the query), default all. A text must be their end. */
  readonly path?: RegExp | string
  /** Default GET. */
  readonly method?: string
  /** How many matching requests are answered honestly first, default 0. */
  readonly skip?: number
  /** How many are then misbehaved to, default all. */
  readonly times?: number
  readonly fault: Fault
}

/** A misbehaviour in force. */
export interface ActiveMisbehaviour {
  /** How many requests it has met. */
  readonly hits: number
  readonly stop: () => void
}

/** One request as the server saw it. */
export interface LoggedRequest {
  readonly method: string
  /** As received: still encoded, with the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Which connection brought it, counted from 0. */
  readonly connection: number
  /** undefined as long as nothing was answered. */
  readonly status: number | undefined
  readonly fault: string | undefined
}

/** A server on 127.0.0.1 with a log and a will of its own. */
export interface ChannelServer extends AsyncDisposable {
  /** URL of the channel, ending in a slash. */
  readonly url: string
  readonly origin: string
  readonly port: number
  readonly requests: readonly LoggedRequest[]
  /** The first registered misbehaviour that fits and is not used up is taken. */
  readonly misbehave: (misbehaviour: Misbehaviour) => ActiveMisbehaviour
  /** Forgets all misbehaviours and empties the log. */
  readonly reset: () => void
  /** Ends all connections, also those that a fault holds. */
  readonly close: () => Promise<void>
}

interface Rule {
  readonly misbehaviour: Misbehaviour
  seen: number
  hits: number
}

interface Entry {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly connection: number
  status: number | undefined
  fault: string | undefined
}

interface State {
  readonly folder: string
  readonly options: ServeOptions
  readonly rules: Rule[]
  readonly requests: Entry[]
  readonly closing: AbortController
}

interface Handled {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly entry: Entry
}

/**
 * Serves a channel folder over HTTP/1.1 as a good server does: strong ETags, conditions, byte ranges, HEAD, plain 404s,
 * `no-cache` on indexes, `index.html` for a folder; dot-folders are not there. Files are read at each request, so the folder may change.
 */
export async function serveChannel(folder: string, options: ServeOptions = {}): Promise<ChannelServer> {
  const state: State = { folder, options, rules: [], requests: [], closing: new AbortController() }
  const server = options.tls === undefined ? createServer() : createTlsServer({ key: options.tls.key, cert: options.tls.cert })
  server.keepAliveTimeout = 0
  const connections = new WeakMap<object, number>()
  let connectionCount = 0
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const connection = connections.get(request.socket) ?? connectionCount++
    connections.set(request.socket, connection)
    const { method = '', url = '', headers } = request
    const entry: Entry = { method, path: url, headers, connection, status: undefined, fault: undefined }
    state.requests.push(entry)
    // A fault that throws must not end the test process without a word: the connection shows it.
    handle(state, { request, response, entry }).catch(() => { request.socket.destroy() })
  })
  const port = await listen(server)
  const origin = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`
  const close = async (): Promise<void> => { await closeServer(server, state) }
  return {
    url: `${origin}${mountOf(options)}`,
    origin,
    port,
    requests: state.requests,
    misbehave: (misbehaviour) => addRule(state, misbehaviour),
    reset: () => {
      state.rules.length = 0
      state.requests.length = 0
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function mountOf(options: ServeOptions): string {
  return `/${(options.mount ?? '').replaceAll(/^\/|\/$/g, '')}/`.replace('//', '/')
}

async function listen(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (!isAddressInfo(address)) throw new TypeError('The server has no port')
  return address.port
}

function isAddressInfo(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}

async function closeServer(server: Server, state: State): Promise<void> {
  state.closing.abort()
  if (!server.listening) return
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => { resolve() })
  server.closeAllConnections()
  await promise
}

function addRule(state: State, misbehaviour: Misbehaviour): ActiveMisbehaviour {
  const rule: Rule = { misbehaviour, seen: 0, hits: 0 }
  state.rules.push(rule)
  return {
    get hits() {
      return rule.hits
    },
    stop: () => {
      const at = state.rules.indexOf(rule)
      if (at >= 0) state.rules.splice(at, 1)
    },
  }
}

async function handle(state: State, handled: Handled): Promise<void> {
  const rule = takeRule(state, handled.entry)
  if (rule === undefined) {
    await answerHonestly(state, handled)
    return
  }
  handled.entry.fault = rule.misbehaviour.fault.name
  const hit = rule.hits++
  await rule.misbehaviour.fault.run(await createExchange(state, handled, hit))
}

function takeRule(state: State, entry: Entry): Rule | undefined {
  const path = entry.path.split('?', 1).join('')
  for (const rule of state.rules) {
    const { method = 'GET', skip = 0, times = Infinity } = rule.misbehaviour
    if (method !== entry.method || !isMatch(rule.misbehaviour.path, path)) continue
    const isDue = rule.seen >= skip && rule.hits < times
    rule.seen++
    if (isDue) return rule
  }
  return undefined
}

function isMatch(pattern: RegExp | string | undefined, path: string): boolean {
  if (pattern === undefined) return true
  return typeof pattern === 'string' ? path.endsWith(pattern) : path.search(pattern) >= 0
}

interface Opened {
  readonly reply: PlannedReply
  readonly file: FileHandle | undefined
  readonly text: string
}

async function answerHonestly(state: State, { request, response, entry }: Handled): Promise<void> {
  const opened = await openReply(state, request)
  await using file = opened.file
  const { status, headers, start, end } = opened.reply
  entry.status = status
  response.writeHead(status, headers)
  if (request.method === 'HEAD' || (file === undefined && opened.text === '')) response.end()
  else if (file === undefined) response.end(opened.text)
  else if (end === start) response.end()
  else await pipeline(file.createReadStream({ start, end: end - 1, autoClose: false }), response).catch(() => { request.socket.destroy() })
}

async function openReply(state: State, request: IncomingMessage): Promise<Opened> {
  const refused = refuse(state, request)
  if (refused !== undefined) return refused
  const path = filePathOf(state, request.url ?? '')
  const file = path === undefined ? undefined : await open(path).catch(() => undefined)
  if (path === undefined || file === undefined) return plain(404, 'not found\n')
  const stats = await file.stat({ bigint: true })
  if (!stats.isFile()) {
    await file.close()
    return plain(404, 'not found\n')
  }
  const reply = planReply(describeFile(path, stats), request.headers)
  return { reply: { ...reply, headers: { ...reply.headers, ...state.options.headers } }, file, text: '' }
}

function refuse(state: State, request: IncomingMessage): Opened | undefined {
  if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'method not allowed\n', { allow: 'GET, HEAD' })
  const { auth, token } = state.options
  const expected = auth === undefined ? undefined : `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`
  if (expected !== undefined && request.headers.authorization !== expected) return plain(401, 'who are you\n', { 'www-authenticate': 'Basic realm="fixture"' })
  if (token !== undefined && !(request.url ?? '').startsWith(`/t/${token}/`)) return plain(401, 'no token\n')
  return undefined
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Opened {
  const all = { 'content-type': 'text/plain', 'content-length': String(text.length), ...headers }
  return { reply: { status, headers: all, start: 0, end: 0 }, file: undefined, text }
}

function filePathOf(state: State, url: string): string | undefined {
  const [encoded = ''] = url.split('?', 1)
  const mount = mountOf(state.options)
  const inner = encoded.replace(/^\/t\/[^/]+\//, '/')
  if (!inner.startsWith(mount)) return undefined
  try {
    const path = decodeURIComponent(inner.slice(mount.length))
    const segments = (path.endsWith('/') ? `${path}index.html` : path).split('/')
    return segments.some((segment) => segment === '' || segment.startsWith('.') || segment.includes('\0')) ? undefined : join(state.folder, ...segments)
  } catch {
    return undefined
  }
}

const departures = new WeakMap<Socket, AbortSignal>()

/** Aborts when the connection ends, which can be many requests later. */
function departureOf(socket: Socket): AbortSignal {
  const known = departures.get(socket)
  if (known !== undefined) return known
  const gone = new AbortController()
  socket.once('close', () => { gone.abort() })
  // A fault writes to a connection that the client may have left: that is no error here.
  socket.on('error', () => { gone.abort() })
  departures.set(socket, gone.signal)
  return gone.signal
}

async function createExchange(state: State, handled: Handled, hit: number): Promise<Exchange> {
  const { request, response, entry } = handled
  const { socket } = request
  return {
    request,
    honest: await readHonest(state, request),
    socket,
    hit,
    signal: AbortSignal.any([departureOf(socket), state.closing.signal]),
    send: ({ status, headers, body }) => {
      entry.status = status
      response.writeHead(status, headers)
      response.end(request.method === 'HEAD' || status === 204 || status === 304 ? undefined : body)
    },
    sendHonest: async () => { await answerHonestly(state, handled) },
    writeHead: (status, headers, protocol = 'HTTP/1.1') => {
      entry.status = status
      socket.write(`${protocol} ${status} Fixture\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}connection: close\r\n\r\n`)
    },
    write: async (bytes) => {
      if (socket.destroyed || bytes.length === 0) return
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once('close', resolve)
      socket.write(bytes, () => { resolve() })
      await promise
      socket.off('close', resolve)
    },
  }
}

async function readHonest(state: State, request: IncomingMessage): Promise<Reply> {
  const opened = await openReply(state, request)
  await using file = opened.file
  const { status, headers, start, end } = opened.reply
  const body = Buffer.alloc(end - start)
  if (file !== undefined && body.length > 0) await file.read(body, 0, body.length, start)
  return { status, headers, body: file === undefined ? Buffer.from(opened.text) : body }
}
