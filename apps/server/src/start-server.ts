import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https'
import { MirrorError } from '@mirror/core'
import { type Caller, EVERYBODY } from './access/access.ts'
import type { Client } from './access/client-address.ts'
import { refuseAccess } from './access/refuse-access.ts'
import { answerFile } from './answer-file.ts'
import { COMMON_HEADERS } from './common-headers.ts'
import type { ServerErrorCode } from './error-codes.ts'
import type { ServerEvent } from './events.ts'
import { createGzipCopies, type GzipCopies } from './gzip-copies.ts'
import { checkReadiness, type Readiness, showReadiness } from './health.ts'
import { type LiveSettings, openSettings, secure, type ServerSettings } from './live-settings.ts'
import { type GatheredProcesses, openMetrics, type ServerMetrics } from './metrics/metrics-page.ts'
import type { ProcessSnapshot } from './metrics/process-snapshot.ts'
import { createMirrorFiles, type MirrorFiles } from './mirror-files.ts'
import { openPages, type PagesDoor } from './open-pages.ts'
import { parseRequestPath, type RequestPath, showPath } from './request-path.ts'
import { takesBody } from './take-away/takes-body.ts'
import { watchRequest } from './watch-request.ts'

/** What `startServer` needs. */
export interface ServerOptions extends ServerSettings {
  /** The folder of the mirror. It is only read, and need not exist yet. */
  readonly mirrorDir: string
  /** 0: any that is free. */
  readonly port: number
  /** Default: every address of this machine. */
  readonly host?: string
  /** So many requests are answered at a time; others are asked to come again (503). Default 10,000. */
  readonly maximumRequests?: number
  /** Where compressed copies of indexes lie while they are used. Default: the system's folder for temporary files. */
  readonly temporaryFolder?: string
  readonly observe?: (event: ServerEvent) => void
  /** Milliseconds since 1970. Default: the clock. */
  readonly clock?: () => number
  /** Milliseconds between two looks at the files that the settings name: those that changed are read again. Default 10,000. */
  readonly watchInterval?: number
  /** Which of several processes this one is, and what all of them know: for metrics. Default: the only one. */
  readonly processes?: { readonly own: string; readonly gather: () => Promise<GatheredProcesses> }
}

/** A server that answers. */
export interface RunningServer {
  readonly host: string
  readonly port: number
  /** Serves over TLS. */
  readonly isSecure: boolean
  /** Reads all that the settings name again, and goes by them; connections stay. Throws `ACCESS_INVALID` and `TLS_INVALID`: then all is as it was. */
  readonly renew: (settings: ServerSettings) => Promise<void>
  /** What this process counted, and what it takes. */
  readonly describe: () => ProcessSnapshot
  /** Takes no more connections, answers what was asked, and breaks off what is not over after `patience` milliseconds. Default 10,000. */
  readonly close: (patience?: number) => Promise<void>
}

const MAXIMUM_HEADER = 16_384
const MAXIMUM_TARGET = 8_192
const MAXIMUM_REQUESTS = 10_000
const IDLE = 120_000
const LATER = { 'retry-after': 2 }
const PATIENCE = 10_000
const WATCH_INTERVAL = 10_000

/** Starts to serve a mirror. Throws `SERVER_ADDRESS` when the address cannot be listened to, `ACCESS_INVALID` and `TLS_INVALID`. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const copies = createGzipCopies(options.temporaryFolder)
  const files = createMirrorFiles(options.mirrorDir)
  const metrics = openMetrics({ process: options.processes?.own, gather: options.processes?.gather, active: () => context.active })
  const observe = (event: ServerEvent): void => {
    metrics.count(event)
    options.observe?.(event)
  }
  const clock = options.clock ?? Date.now
  const pages = openPages({ mirrorDir: options.mirrorDir, temporaryFolder: options.temporaryFolder, files, clock, observe })
  const settings = await openSettings(options, { observe, now: clock, interval: options.watchInterval ?? WATCH_INTERVAL })
  const context: Context = { options, copies, files, pages, settings, metrics, observe, active: 0 }
  const server = createListener(settings, (request, response) => void answer(context, request, response))
  // Who takes nothing for so long has gone.
  server.setTimeout(IDLE)
  // Who is asked for no body does not wait for a permission to send one.
  server.on('checkContinue', (request, response) => {
    if (!takesBody(request.method ?? '', parseRequestPath(request.url ?? '')?.segments)) return void response.writeHead(417, { 'content-length': 0, connection: 'close' }).end()
    response.writeContinue()
    server.emit('request', request, response)
  })
  await listen(server, options)
  // Connections that are open keep the certificate that they began with.
  settings.watch((certificate) => ('setSecureContext' in server ? server.setSecureContext(certificate) : undefined))
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('The server has no address')
  return {
    host: address.address,
    port: address.port,
    isSecure: settings.certificate() !== undefined,
    renew: settings.renew,
    describe: metrics.describe,
    async close(patience = PATIENCE) {
      await closeServer(server, patience)
      await settings[Symbol.asyncDispose]()
      await pages.close()
      await copies[Symbol.asyncDispose]()
    },
  }
}

const LIMITS = {
  maxHeaderSize: MAXIMUM_HEADER, headersTimeout: 15_000, requestTimeout: 120_000, keepAliveTimeout: 65_000, connectionsCheckingInterval: 5_000, noDelay: true,
} as const
const HANDSHAKE_TIMEOUT = 15_000

function createListener(settings: LiveSettings, listener: RequestListener): Server | SecureServer {
  const certificate = settings.certificate()
  return certificate === undefined ? createServer(LIMITS, listener) : createSecureServer({ ...LIMITS, handshakeTimeout: HANDSHAKE_TIMEOUT, ...secure(certificate) }, listener)
}

function listen(server: Server | SecureServer, { port, host }: ServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const hint = error.code === 'EACCES' ? 'Ports below 1024 need more rights: choose another with --port.' : error.code === 'EADDRINUSE' ? 'Something listens there already: choose another with --port.' : undefined
      reject(new MirrorError<ServerErrorCode>('SERVER_ADDRESS', `Cannot listen to ${host ?? 'any address'}, port ${port}: ${error.code ?? error.message}`, { cause: error, ...(hint === undefined ? {} : { hint }) }))
    })
    server.listen({ port, ...(host === undefined ? {} : { host }) }, resolve)
  })
}

function closeServer(server: Server | SecureServer, patience: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), patience)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
    server.closeIdleConnections()
  })
}

interface Context {
  readonly options: ServerOptions
  readonly copies: GzipCopies
  readonly files: MirrorFiles
  readonly pages: PagesDoor
  readonly settings: LiveSettings
  readonly metrics: ServerMetrics
  readonly observe: (event: ServerEvent) => void
  active: number
}

/** Answers one request, whatever happens: a fault of ours is a 500 or 503 without a word about the system, or, behind the first byte, a broken connection. */
async function answer(context: Context, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = parseRequestPath(request.url ?? '')
  const call: Call = { request, response, path, client: context.settings.readClient(request), caller: EVERYBODY }
  watchRequest(call, context.observe)
  context.active += 1
  try {
    await route(context, call)
  } catch (error) {
    context.observe({ type: 'request-failed', path: showPath(path), error })
    fail(response, error)
  } finally {
    context.active -= 1
  }
}

interface Call {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: RequestPath | undefined
  readonly client: Client
  /** Who asks; everybody as long as nobody had to say. */
  caller: Caller
}

async function route(context: Context, call: Call): Promise<void> {
  const { request: { url = '', method = '' }, response, path } = call
  if (url.length > MAXIMUM_TARGET) return tell(response, 414, { text: 'URI too long' })
  if (!METHODS.has(method) && !takesBody(method, path?.segments)) return refuseMethod(response)
  const own = findOwnPage(path)
  if (own !== undefined) return await own(context, call)
  if (context.active > (context.options.maximumRequests ?? MAXIMUM_REQUESTS)) return tell(response, 503, { text: 'Busy', headers: LATER })
  await answerAllowed(context, call)
}

async function answerAllowed(context: Context, call: Call): Promise<void> {
  const { response, path } = call
  const decision = await context.settings.access.decide(call)
  if (decision.status === 'refused') return refuseAccess(response, decision)
  call.caller = decision.caller
  if (isFilePath(path) && await answerPath(context, call, { segments: path.segments, isPublic: decision.isPublic })) return
  // Files bring theirs along: each header that is set costs them a twentieth of their speed.
  for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value)
  await context.pages.answer({ ...call, canSee: call.caller.canSee, isPublic: decision.isPublic })
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

function isFilePath(path: RequestPath | undefined): path is RequestPath {
  return path !== undefined && !path.isFolder && path.segments.length > 0 && !path.segments.includes('-')
}

function findOwnPage(path: RequestPath | undefined): OwnPage | undefined {
  const [name, ...others] = path?.segments ?? []
  return name === undefined || others.length > 0 ? undefined : OWN_PAGES.get(name)
}

type OwnPage = (context: Context, call: Call) => Promise<void> | void

/** What is answered by the server itself, also when it is busy, and to everybody. */
const OWN_PAGES: ReadonlyMap<string, OwnPage> = new Map([
  ['healthz', (_, { response }) => tell(response, 200, { text: 'ok' })],
  ['readyz', tellReadiness],
  ['metrics', tellMetrics],
])

/** What is gone between being found and being read is looked for once more. False when it is not there, and nothing was answered. */
async function answerPath({ files, copies }: Context, { request, response }: Call, { segments, isPublic }: { readonly segments: readonly string[]; readonly isPublic: boolean }): Promise<boolean> {
  const file = await files.find(segments)
  if (file !== undefined && await answerFile(request, response, { file, copies, isPublic })) return true
  const again = file === undefined ? undefined : await files.findAnew(segments)
  return again !== undefined && await answerFile(request, response, { file: again, copies, isPublic })
}

/** What the caller may see of it. */
async function findReadiness({ options, settings }: Context, call: Call): Promise<Readiness> {
  const all = await checkReadiness(options.mirrorDir, { maximumAge: settings.maximumAge(), now: (options.clock ?? Date.now)() })
  return showReadiness(all, await settings.access.identify(call))
}

async function tellMetrics(context: Context, call: Call): Promise<void> {
  const body = Buffer.from(await context.metrics.render(await findReadiness(context, call), context.settings.certificate()?.expires))
  call.response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'content-length': body.length, 'cache-control': 'no-store', ...COMMON_HEADERS }).end(body)
}

async function tellReadiness(context: Context, call: Call): Promise<void> {
  const { response } = call
  const readiness = await findReadiness(context, call)
  const body = Buffer.from(`${JSON.stringify({ ready: readiness.isReady, reasons: readiness.reasons, channels: readiness.channels })}\n`)
  response.writeHead(readiness.isReady ? 200 : 503, { 'content-type': 'application/json', 'content-length': body.length, 'cache-control': 'no-store', ...COMMON_HEADERS }).end(body)
}

/** Whatever body comes with it is not read. */
function refuseMethod(response: ServerResponse): void {
  tell(response, 405, { text: 'Method not allowed', headers: { allow: 'GET, HEAD', connection: 'close' } })
}

function tell(response: ServerResponse, status: number, { text, headers = {} }: { readonly text: string; readonly headers?: Readonly<Record<string, string | number>> }): void {
  const body = Buffer.from(`${text}\n`)
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length, 'cache-control': 'no-store', ...COMMON_HEADERS, ...headers }).end(body)
}

/** Faults that pass when there is less to do. */
const PASSING: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN'])

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) return void response.destroy()
  const isPassing = error instanceof Error && 'code' in error && typeof error.code === 'string' && PASSING.has(error.code)
  if (isPassing) tell(response, 503, { text: 'Busy', headers: LATER })
  else tell(response, 500, { text: 'Internal error' })
}
