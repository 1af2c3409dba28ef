import { Agent as HttpAgent, type ClientRequest, type OutgoingHttpHeaders, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { Got, Request, RequestFunction } from 'got'
import { type ConnectionOptions, tlsOptions } from './connection-options.ts'
import { proxyAuthorization, proxyFor } from './proxy.ts'
import type { TransferWatch, WatchedTransfer } from './transfer-watch.ts'
import { BodyTooLarge, DRAIN_LIMIT, headerReader, type RequestBody, type ResponseBody, type Transport, type TransportRequest, type TransportResponse } from './transport.ts'
import { openTunnel, proxyRefusal } from './tunnel.ts'

/** The agents for direct connections, to hosts of our choice or, guarded, of upstream's. */
interface Agents {
  readonly http: HttpAgent
  readonly https: HttpsAgent
}

/** Creates the transport for metadata: got, with its retries, redirects and decompression switched off. Loads got on the first request. */
export function createGotTransport(options: ConnectionOptions, watch: TransferWatch): Transport {
  const plain = createAgents(options, false)
  const guarded = createAgents(options, true)
  let loading: Promise<Got> | undefined

  return {
    async send(request) {
      const got = await (loading ??= import('got').then((module) => module.default))
      const proxy = proxyFor(request.url, options.proxy)
      const { connectTimeout } = options
      const stream = got.stream(request.url, {
        method: request.method,
        agent: request.guarded ? guarded : plain,
        headers: headersOf(request),
        decompress: false,
        followRedirect: false,
        throwHttpErrors: false,
        strictContentLength: false,
        retry: { limit: 0 },
        http2: false,
        timeout: { lookup: connectTimeout, connect: connectTimeout, secureConnect: connectTimeout },
        ...(proxy === undefined ? {} : { request: requestThrough(proxy, options) }),
      })
      return answerOf(stream, { request, proxy, watch })
    },
    async close() {
      for (const agent of [plain.http, plain.https, guarded.http, guarded.https]) agent.destroy()
    },
  }
}

function createAgents(options: ConnectionOptions, guarded: boolean): Agents {
  const common = { keepAlive: true, maxSockets: options.concurrency, ...(guarded ? { lookup: options.guardedLookup } : {}) }
  return { http: new HttpAgent(common), https: new HttpsAgent({ ...common, ...tlsOptions(options) }) }
}

/** Requests through a proxy: forwarded for `http:`, tunnelled for `https:`. One connection a request: metadata is a few files. */
function requestThrough(proxy: URL, connection: ConnectionOptions): RequestFunction {
  const { connectTimeout, secureContext } = connection
  return async (url, { agent: _, ...options }, callback): Promise<ClientRequest> => {
    if (url.protocol === 'https:') {
      const host = url.hostname.replace(/^\[|\]$/g, '')
      const socket = await openTunnel({ proxy, host: url.hostname, port: Number(url.port === '' ? 443 : url.port), timeout: connectTimeout, secureContext })
      const name = /^[\d.]+$|:/.test(host) ? { host } : { servername: host }
      const createConnection = () => connectTls({ socket, ...name, ...tlsOptions(connection) })
      return requestHttps(url, { ...options, createConnection }, callback)
    }
    const authorization = proxyAuthorization(proxy)
    const headers = { ...plainHeaders(options.headers), host: url.host, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) }
    const send = proxy.protocol === 'https:' ? requestHttps : requestHttp
    const secure = proxy.protocol === 'https:' && secureContext !== undefined ? { secureContext } : {}
    return send(new URL(proxy.origin), { ...options, ...secure, headers, path: `${url.origin}${url.pathname}${url.search}` }, callback)
  }
}

/** got gives headers as an object; Node would also take a list. */
function plainHeaders(headers: OutgoingHttpHeaders | readonly string[] | undefined): OutgoingHttpHeaders {
  return headers === undefined || isList(headers) ? {} : headers
}

function isList(headers: OutgoingHttpHeaders | readonly string[]): headers is readonly string[] {
  return Array.isArray(headers)
}

/** What `answerOf` needs beside the stream. */
interface AnswerOptions {
  readonly request: TransportRequest
  readonly proxy: URL | undefined
  readonly watch: TransferWatch
}

function answerOf(stream: Request, { request: { signal, body, method }, proxy, watch }: AnswerOptions): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined
    const stop = (reason: Error): void => {
      failure ??= reason
      stream.destroy(reason)
    }
    const transfer = watch.begin(stop)
    const onAbort = (): void => stop(new Error('aborted', { cause: signal?.reason }))
    signal?.addEventListener('abort', onAbort, { once: true })
    transfer.waiting()
    stream.on('error', (error) => {
      reject(failure ?? error)
    })
    stream.once('close', () => {
      transfer.end()
      signal?.removeEventListener('abort', onAbort)
    })
    stream.once('response', ({ statusCode, headers }: { readonly statusCode: number; readonly headers: Readonly<Record<string, string | readonly string[] | undefined>> }) => {
      transfer.resting()
      if (statusCode === 407 && proxy !== undefined) {
        const refusal = proxyRefusal(proxy, statusCode)
        reject(refusal)
        return stop(refusal)
      }
      resolve({ status: statusCode, header: headerReader(headers), body: bodyOf(stream, transfer, () => failure) })
    })
    if (signal?.aborted === true) onAbort()
    else sendBody(stream, { body, method, transfer, stop })
  })
}

function headersOf({ headers, body }: TransportRequest): Readonly<Record<string, string>> {
  return body === undefined ? headers : { ...headers, 'content-type': body.type, 'content-length': String(body.length) }
}

interface Sending extends Pick<TransportRequest, 'method'> {
  readonly body: RequestBody | undefined
  readonly transfer: WatchedTransfer
  readonly stop: (reason: Error) => void
}

/** The time that our own source takes is not the server's. */
function sendBody(stream: Request, { body, method, transfer, stop }: Sending): void {
  if (method === 'GET' || method === 'HEAD') return
  if (body === undefined) return void stream.end()
  async function* watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    transfer.resting()
    for await (const chunk of chunks) {
      transfer.waiting()
      yield chunk
      transfer.moved(chunk.length)
      transfer.resting()
    }
    transfer.waiting()
  }
  const source = Readable.from(watched(body.chunks()), { objectMode: false })
  source.once('error', stop)
  stream.once('close', () => source.destroy())
  source.pipe(stream)
}

function bodyOf(stream: Request, transfer: WatchedTransfer, failure: () => Error | undefined): ResponseBody {
  async function* iterate(): AsyncGenerator<Uint8Array> {
    try {
      transfer.waiting()
      for await (const chunk of stream) {
        transfer.resting()
        if (!(chunk instanceof Uint8Array)) throw new TypeError('got gave text')
        transfer.moved(chunk.length)
        yield chunk
        transfer.waiting()
      }
    } catch (error) {
      throw failure() ?? error
    } finally {
      transfer.end()
    }
  }

  async function collect(maximum: number): Promise<Buffer> {
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of iterate()) {
      length += chunk.length
      if (length > maximum) throw new BodyTooLarge()
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  }

  function drain(): void {
    let length = 0
    transfer.waiting()
    stream.on('data', (chunk: Uint8Array) => {
      length += chunk.length
      if (length > DRAIN_LIMIT) stream.destroy()
    })
  }

  return { [Symbol.asyncIterator]: iterate, collect, drain, stop: () => void stream.destroy() }
}
