// Whoever checks this file from another package does not see our ambient declarations otherwise.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./undici-parts.d.ts" />
import { connect as connectTls } from 'node:tls'
import type { buildConnector, Dispatcher, Pool } from 'undici'
import { type AbortListeners, createAbortListeners } from './abort-listeners.ts'
import { type BodySource, createBodyQueue } from './body-queue.ts'
import { type ConnectionOptions, tlsOptions } from './connection-options.ts'
import { TransientFailure } from './failure.ts'
import { proxyAuthorization, proxyFor } from './proxy.ts'
import type { TransferWatch, WatchedTransfer } from './transfer-watch.ts'
import { headerReader, type Transport, type TransportRequest, type TransportResponse } from './transport.ts'
import { openTunnel, proxyRefusal } from './tunnel.ts'

/** What is used of undici. */
interface Undici {
  readonly Pool: typeof Pool
  readonly buildConnector: typeof buildConnector
}

/** The default exports: a bundle of these CommonJS files has no others. */
async function loadUndici(): Promise<Undici> {
  const [pool, connect] = await Promise.all([import('undici/lib/dispatcher/pool.js'), import('undici/lib/core/connect.js')])
  return { Pool: pool.default, buildConnector: connect.default }
}

interface PoolOptions {
  readonly undici: Undici
  readonly origin: string
  readonly connect: () => buildConnector.connector
}

/** Where a request goes: the pool, and the path to write into the request line. */
interface Route {
  readonly dispatcher: Dispatcher
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly proxy: URL | undefined
}

/** Creates the transport for artifacts: undici's low-level handlers on one pool of HTTP/1.1 connections for each host. Loads undici on the first request. */
export function createUndiciTransport(options: ConnectionOptions, watch: TransferWatch): Transport {
  const pools = new Map<string, Dispatcher>()
  const aborts = createAbortListeners()
  let loading: Promise<Undici> | undefined

  function openPool(key: string, { undici, origin, connect }: PoolOptions): Dispatcher {
    const existing = pools.get(key)
    if (existing !== undefined) return existing
    const pool = new undici.Pool(origin, {
      connections: options.concurrency,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 10_000,
      connect: connect(),
    })
    pools.set(key, pool)
    return pool
  }

  function routeOf({ url, guarded, headers }: TransportRequest, undici: Undici): Route {
    const path = `${url.pathname}${url.search}`
    const proxy = proxyFor(url, options.proxy)
    if (proxy === undefined) {
      const dispatcher = openPool(`${guarded ? 'guarded ' : ''}${url.origin}`, { undici, origin: url.origin, connect: () => directConnector(undici, options, guarded) })
      return { dispatcher, path, headers, proxy }
    }
    if (url.protocol === 'https:') {
      const dispatcher = openPool(`tunnel ${url.origin}`, { undici, origin: url.origin, connect: () => tunnelConnector(options, proxy) })
      return { dispatcher, path, headers, proxy }
    }
    const authorization = proxyAuthorization(proxy)
    const dispatcher = openPool(`proxy ${proxy.origin}`, { undici, origin: proxy.origin, connect: () => directConnector(undici, options, false) })
    const added = { host: url.host, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) }
    return { dispatcher, path: `${url.origin}${path}`, headers: { ...headers, ...added }, proxy }
  }

  return {
    async send(request) {
      const undici = await (loading ??= loadUndici())
      return dispatchRequest(routeOf(request, undici), request.signal, { watch, aborts })
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

function directConnector(undici: Undici, options: ConnectionOptions, guarded: boolean): buildConnector.connector {
  return undici.buildConnector({
    allowH2: false,
    timeout: options.connectTimeout,
    ...tlsOptions(options),
    ...(guarded ? { lookup: options.guardedLookup } : {}),
  })
}

function tunnelConnector(options: ConnectionOptions, proxy: URL): buildConnector.connector {
  const { connectTimeout } = options
  return ({ hostname, port }, callback) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const opening = openTunnel({ proxy, host: hostname, port: Number(port === '' ? 443 : port), timeout: connectTimeout, secureContext: options.secureContext })
    opening.then((socket) => {
      const secured = connectTls({ socket, ...(/^[\d.]+$|:/.test(host) ? { host } : { servername: host }), ...tlsOptions(options) })
      secured.setTimeout(connectTimeout, () => secured.destroy(new TransientFailure('timeout', 'there was no TLS handshake in time')))
      secured.once('error', (error) => callback(error, null))
      secured.once('secureConnect', () => {
        secured.setTimeout(0)
        callback(null, secured)
      })
    }, (error: unknown) => callback(error instanceof Error ? error : new Error('no tunnel', { cause: error }), null))
  }
}

/** One request on its way, between its handler and its body. */
interface Flight {
  readonly watch: TransferWatch
  readonly proxy: URL | undefined
  readonly resolve: (response: TransportResponse) => void
  readonly reject: (error: Error) => void
  readonly onClose: () => void
}

/** What all requests of a transport share. */
interface Shared {
  readonly watch: TransferWatch
  readonly aborts: AbortListeners
}

function dispatchRequest(route: Route, signal: AbortSignal | undefined, { watch, aborts }: Shared): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    const { handler, stop } = createHandler({ watch, proxy: route.proxy, resolve, reject, onClose: () => forget?.() })
    const forget = signal === undefined ? undefined : aborts.add(signal, () => stop(new Error('aborted', { cause: signal.reason })))
    route.dispatcher.dispatch({ path: route.path, method: 'GET', headers: route.headers }, handler)
  })
}

function createHandler({ watch, proxy, resolve, reject, onClose }: Flight): { readonly handler: Dispatcher.DispatchHandler; readonly stop: (reason: Error) => void } {
  let controller: Dispatcher.DispatchController | undefined
  let stopped: Error | undefined
  let answered = false
  const stop = (reason: Error): void => {
    stopped ??= reason
    controller?.abort(reason)
  }
  const transfer = watch.begin(stop)
  const queue = createBodyQueue(sourceOf(transfer, () => controller, stop))
  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started
      if (stopped === undefined) transfer.waiting()
      else started.abort(stopped)
    },
    onResponseStart(_, status, headers) {
      if (status < 200) return
      if (status === 407 && proxy !== undefined) return stop(proxyRefusal(proxy, status))
      answered = true
      resolve({ status, header: headerReader(headers), body: queue.body })
    },
    onResponseData(_, chunk) {
      transfer.moved(chunk.length)
      queue.push(chunk)
    },
    onResponseEnd() {
      transfer.end()
      onClose()
      queue.end()
    },
    onResponseError(_, error) {
      transfer.end()
      onClose()
      const reason = stopped ?? framingError(error, answered)
      if (answered) queue.fail(reason)
      else reject(reason)
    },
  }
  return { handler, stop }
}

function sourceOf(transfer: WatchedTransfer, controller: () => Dispatcher.DispatchController | undefined, stop: (reason: Error) => void): BodySource {
  return {
    pause() {
      transfer.resting()
      controller()?.pause()
    },
    resume() {
      transfer.waiting()
      controller()?.resume()
    },
    stop: () => stop(new Error('The body was not wanted any more')),
  }
}

/** undici does not say in a code what is wrong with the framing: before the head is there, the answer is no HTTP; behind it, the body was cut. */
function framingError(error: Error, answered: boolean): Error {
  const isFraming = error.name === 'HTTPParserError' || ('code' in error && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
  if (!isFraming) return error
  return answered ? new TransientFailure('truncated', 'the body ended early') : Object.assign(new Error('not HTTP'), { code: 'HPE_INVALID_HEAD' })
}
