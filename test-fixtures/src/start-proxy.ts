import { createServer, type IncomingMessage, request as httpRequest, type ServerResponse } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { withoutKeys } from './json.ts'
import { closeWith, listenLocally } from './start-black-hole.ts'

/** How a proxy treats its clients. */
export interface ProxyOptions {
  /** Only who sends these in Proxy-Authorization gets on; others get 407. */
  readonly auth?: { readonly user: string; readonly password: string }
}

/** One request that a proxy got. */
export interface ProxiedRequest {
  /** CONNECT for a tunnel. */
  readonly method: string
  /** An absolute URL, or `host:port` for a tunnel. */
  readonly target: string
  readonly refused: boolean
}

/** A forward proxy on 127.0.0.1. */
export interface Proxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  readonly requests: readonly ProxiedRequest[]
  /** Ends all tunnels and transfers at once and goes. */
  readonly close: () => Promise<void>
}

interface State {
  readonly requests: ProxiedRequest[]
  readonly sockets: Set<Socket>
  readonly expected: string | undefined
}

/** Starts a forward proxy for `http:` by absolute URL and for anything else by CONNECT. */
export async function startProxy(options: ProxyOptions = {}): Promise<Proxy> {
  const { auth } = options
  const expected = auth === undefined ? undefined : `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`
  const state: State = { requests: [], sockets: new Set(), expected }
  const server = createServer((request, response) => { forward(state, request, response) })
  server.on('connect', (request, socket) => { tunnel(state, request, socket) })
  server.on('connection', (socket) => { track(state, socket) })
  const port = await listenLocally(server)
  const close = async (): Promise<void> => { await closeWith(server, state.sockets) }
  return { url: `http://127.0.0.1:${port}`, port, requests: state.requests, close, [Symbol.asyncDispose]: close }
}

function track(state: State, socket: Socket): void {
  state.sockets.add(socket)
  socket.on('error', () => undefined)
  socket.on('close', () => { state.sockets.delete(socket) })
}

function isRefused(state: State, request: IncomingMessage): boolean {
  const refused = state.expected !== undefined && request.headers['proxy-authorization'] !== state.expected
  state.requests.push({ method: request.method ?? '', target: request.url ?? '', refused })
  return refused
}

function forward(state: State, request: IncomingMessage, response: ServerResponse): void {
  if (isRefused(state, request)) {
    response.writeHead(407, { 'proxy-authenticate': 'Basic realm="fixture"' }).end('who are you\n')
    return
  }
  if (!URL.canParse(request.url ?? '')) {
    response.writeHead(400).end('not an absolute URL\n')
    return
  }
  const headers = withoutKeys(request.headers, ['proxy-authorization', 'proxy-connection'])
  const upstream = httpRequest(request.url ?? '', { method: request.method, headers, agent: false }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers)
    pipeline(answer, response).catch(() => { response.destroy() })
  })
  upstream.on('error', () => {
    if (response.headersSent) response.destroy()
    else response.writeHead(502).end('no upstream\n')
  })
  response.on('close', () => { upstream.destroy() })
  request.pipe(upstream)
}

function tunnel(state: State, request: IncomingMessage, client: Duplex): void {
  if (isRefused(state, request)) {
    client.end('HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm="fixture"\r\ncontent-length: 0\r\n\r\n')
    return
  }
  const [host = '', port = ''] = (request.url ?? '').split(':')
  const upstream = connect(Number(port), host)
  track(state, upstream)
  upstream.once('connect', () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    pipeline(client, upstream, client).catch(() => undefined)
  })
  upstream.once('error', () => { client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n') })
  client.once('close', () => { upstream.destroy() })
}
