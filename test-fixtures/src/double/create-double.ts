import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'

import { closeWith, listenLocally } from '../start-black-hole.ts'
import { type Answer, Stop } from './answer.ts'
import type { CallFault, CallMisbehaviour, DoubleControls, ReceivedCall } from './calls.ts'

/** A call that is being written down. */
export type Recorded = { -readonly [K in keyof ReceivedCall]: ReceivedCall[K] }

/** A request, and what is written down of it. */
export interface Incoming {
  readonly request: IncomingMessage
  readonly call: Recorded
}

/** What a double is a double of. */
export interface DoubleOptions {
  /** Every kind of call that there is. */
  readonly kinds: ReadonlySet<string>
  /** The kind of a request; undefined for what the API does not know. */
  readonly kindOf: (request: IncomingMessage) => string | undefined
  /** The path of a request as it is written down, without secrets. */
  readonly showPath: (url: string) => string
  /** Headers that are secrets as a whole; of Authorization the scheme is always left. */
  readonly secretHeaders?: readonly string[]
  /** The body of an error. Default `{"error": …}`. */
  readonly describeError?: (text: string) => unknown
  /** PEM texts. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined
}

/** A server or several, with one record of what was asked and one list of what goes wrong. */
export interface Double extends DoubleControls {
  /** Starts a server on 127.0.0.1; its origin. */
  readonly listen: (answer: (incoming: Incoming) => Promise<Answer>) => Promise<string>
}

interface Rule extends CallMisbehaviour {
  seen: number
  hits: number
}

interface State {
  readonly options: DoubleOptions
  readonly calls: Recorded[]
  readonly rules: Rule[]
}

/** Creates a double without servers. */
export function createDouble(options: DoubleOptions): Double {
  const state: State = { options, calls: [], rules: [] }
  const sockets = new Set<Socket>()
  const servers: Server[] = []
  return {
    calls: state.calls,
    get refused() {
      return state.calls.filter((call) => call.refusal !== undefined)
    },
    misbehave: (misbehaviour) => {
      const { kinds } = options
      if (!kinds.has(misbehaviour.kind)) throw new TypeError(`There is no call "${misbehaviour.kind}"; there are: ${[...kinds].join(', ')}`)
      state.rules.push({ ...misbehaviour, seen: 0, hits: 0 })
    },
    reset: () => {
      state.calls.length = 0
      state.rules.length = 0
    },
    listen: async (answer) => {
      const server = createListener(options, sockets)
      servers.push(server)
      listenFor(server, state, answer)
      return `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${await listenLocally(server)}`
    },
    close: async () => { await Promise.all(servers.map(async (server) => { await closeWith(server, sockets) })) },
  }
}

function createListener({ tls }: DoubleOptions, sockets: Set<Socket>): Server {
  const server = tls === undefined ? createServer() : createTlsServer({ ...tls })
  server.keepAliveTimeout = 0
  server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => { sockets.delete(socket) })
  })
  return server
}

function listenFor(server: Server, state: State, answer: Handled['answer']): void {
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const call = record(state, request)
    handle(state, { request, call, response, answer }).catch((error: unknown) => {
      // A client that left while it was sending is none of the double's faults; anything else must not look like a lost connection.
      if (request.socket.destroyed) return
      call.status = 500
      send(request, response, { status: 500, json: describeError(state, `The double failed: ${String(error)}`) })
    })
  })
}

function describeError({ options }: State, text: string): unknown {
  return options.describeError?.(text) ?? { error: text }
}

function record({ options, calls }: State, request: IncomingMessage): Recorded {
  const { method = '', url = '', headers } = request
  const shown = { ...headers }
  if (shown.authorization !== undefined) shown.authorization = shown.authorization.split(' ', 1).join()
  for (const name of options.secretHeaders ?? []) if (shown[name] !== undefined) shown[name] = '<secret>'
  const call: Recorded = {
    kind: undefined, method, path: options.showPath(url), headers: shown, body: undefined, form: undefined, status: undefined, refusal: undefined, fault: undefined,
  }
  calls.push(call)
  return call
}

interface Handled extends Incoming {
  readonly response: ServerResponse
  readonly answer: (incoming: Incoming) => Promise<Answer>
}

async function handle(state: State, { request, call, response, answer }: Handled): Promise<void> {
  call.kind = state.options.kindOf(request)
  const fault = takeFault(state, call.kind)
  call.fault = fault?.do
  if (fault?.do === 'reset') {
    reset(request)
    return
  }
  if (fault?.do === 'slow') await pause(fault.milliseconds)
  if (fault?.do === 'wait') await fault.gate.pass()
  if (fault?.do === 'call') await fault.callback()
  const answered = fault?.do === 'status' ? await failOnDemand(state, request, fault) : await answer({ request, call })
  if (fault?.do === 'lose-answer') {
    reset(request)
    return
  }
  call.status = answered.status
  send(request, response, answered)
}

function takeFault(state: State, kind: string | undefined): CallFault | undefined {
  for (const rule of state.rules) {
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

async function failOnDemand(state: State, request: IncomingMessage, { status, error, headers }: Extract<CallFault, { do: 'status' }>): Promise<Answer> {
  await buffer(request)
  return { status, json: describeError(state, error ?? `status ${status} on demand`), ...(headers === undefined ? {} : { headers }) }
}

function send(request: IncomingMessage, response: ServerResponse, { status, json, bytes, headers }: Answer): void {
  const text = bytes ?? (json === undefined ? '' : JSON.stringify(json))
  const length = status === 304 ? {} : { 'content-length': Buffer.byteLength(text) }
  response.writeHead(status, { 'content-type': bytes === undefined ? 'application/json' : 'application/xml', ...length, ...headers })
  response.end(request.method === 'HEAD' || status === 304 ? undefined : text)
}

/** Answers, or turns what stopped the call into its answer and writes a refusal down. */
export async function attempt(call: Recorded, body: () => Answer | Promise<Answer>, describe: (stop: Stop) => Answer): Promise<Answer> {
  try {
    return await body()
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    call.refusal = error.refusal
    return describe(error)
  }
}
