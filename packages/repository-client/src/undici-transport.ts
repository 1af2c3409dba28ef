import { connect as connectTls } from 'node:tls'
import type { buildConnector, Dispatcher } from 'undici'
import { createBodyQueue } from './body-queue.ts'
import type { ConnectionOptions } from './connection-options.ts'
import { TransientFailure } from './failure.ts'
import { proxyAuthorization, proxyFor } from './proxy.ts'
import type { TransferWatch } from './transfer-watch.ts'
import { headerReader, type Transport, type TransportRequest, type TransportResponse } from './transport.ts'
import { openTunnel, proxyRefusal } from './tunnel.ts'

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
  let loading: Promise<typeof import('undici')> | undefined

  function openPool(key: string, origin: string, createConnector: (undici: typeof import('undici')) => buildConnector.connector, undici: typeof import('undici')): Dispatcher {
    const existing = pools.get(key)
    if (existing !== undefined) return existing
    const pool = new undici.Pool(origin, {
      connections: options.concurrency,
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 10_000,
      connect: createConnector(undici),
    })
    pools.set(key, pool)
    return pool
  }

  function routeOf({ url, guarded, headers }: TransportRequest, undici: typeof import('undici')): Route {
    const path = `${url.pathname}${url.search}`
    const proxy = proxyFor(url, options.proxy)
    if (proxy === undefined) {
      const dispatcher = openPool(`${guarded ? 'guarded ' : ''}${url.origin}`, url.origin, (loaded) => directConnector(loaded, options, guarded), undici)
      return { dispatcher, path, headers, proxy }
    }
    if (url.protocol === 'https:') {
      const dispatcher = openPool(`tunnel ${url.origin}`, url.origin, () => tunnelConnector(options, proxy), undici)
      return { dispatcher, path, headers, proxy }
    }
    const authorization = proxyAuthorization(proxy)
    const dispatcher = openPool(`proxy ${proxy.origin}`, proxy.origin, (loaded) => directConnector(loaded, options, false), undici)
    const added = { host: url.host, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) }
    return { dispatcher, path: `${url.origin}${path}`, headers: { ...headers, ...added }, proxy }
  }

  return {
    async send(request) {
      const undici = await (loading ??= import('undici'))
      return dispatchRequest(routeOf(request, undici), request.signal, watch)
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
      pools.clear()
    },
  }
}

function directConnector(undici: typeof import('undici'), options: ConnectionOptions, guarded: boolean): buildConnector.connector {
  return undici.buildConnector({
    allowH2: false,
    timeout: options.connectTimeout,
    ...(options.secureContext === undefined ? {} : { secureContext: options.secureContext }),
    ...(guarded ? { lookup: options.guardedLookup } : {}),
  })
}

function tunnelConnector(options: ConnectionOptions, proxy: URL): buildConnector.connector {
  const { secureContext, connectTimeout } = options
  return ({ hostname, port }, callback) => {
    const host = hostname.replace(/^\[|\]$/g, '')
    const opening = openTunnel({ proxy, host: hostname, port: Number(port === '' ? 443 : port), timeout: connectTimeout, secureContext })
    opening.then((socket) => {
      const secured = connectTls({ socket, ...(/^[\d.]+$|:/.test(host) ? { host } : { servername: host }), ...(secureContext === undefined ? {} : { secureContext }) })
      secured.setTimeout(connectTimeout, () => secured.destroy(new TransientFailure('timeout', 'there was no TLS handshake in time')))
      secured.once('error', (error) => callback(error, null))
      secured.once('secureConnect', () => {
        secured.setTimeout(0)
        callback(null, secured)
      })
    }, (error: unknown) => callback(error instanceof Error ? error : new Error('no tunnel', { cause: error }), null))
  }
}

function dispatchRequest(route: Route, signal: AbortSignal | undefined, watch: TransferWatch): Promise<TransportResponse> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | undefined
    let stopped: Error | undefined
    let answered = false
    const stop = (reason: Error): void => {
      stopped ??= reason
      controller?.abort(reason)
    }
    const transfer = watch.begin(stop)
    const queue = createBodyQueue({
      pause() {
        transfer.resting()
        controller?.pause()
      },
      resume() {
        transfer.waiting()
        controller?.resume()
      },
      stop: () => stop(new Error('The body was not wanted any more')),
    })
    const onAbort = (): void => stop(new Error('aborted', { cause: signal?.reason }))
    signal?.addEventListener('abort', onAbort, { once: true })
    const close = (): void => {
      transfer.end()
      signal?.removeEventListener('abort', onAbort)
    }

    route.dispatcher.dispatch({ path: route.path, method: 'GET', headers: route.headers }, {
      onRequestStart(started) {
        controller = started
        if (stopped === undefined) transfer.waiting()
        else started.abort(stopped)
      },
      onResponseStart(_, status, headers) {
        if (status < 200) return
        if (status === 407 && route.proxy !== undefined) return stop(asError(proxyRefusal(route.proxy, status)))
        answered = true
        resolve({ status, header: headerReader(headers), body: queue.body })
      },
      onResponseData(_, chunk) {
        transfer.received(chunk.length)
        queue.push(chunk)
      },
      onResponseEnd() {
        close()
        queue.end()
      },
      onResponseError(_, error) {
        close()
        const reason = stopped ?? framingError(error, answered)
        if (answered) queue.fail(reason)
        else reject(reason)
      },
    })
  })
}

/** undici does not say in a code what is wrong with the framing: before the head is there, the answer is no HTTP; behind it, the body was cut. */
function framingError(error: Error, answered: boolean): Error {
  const isFraming = error.name === 'HTTPParserError' || ('code' in error && error.code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH')
  if (!isFraming) return error
  return answered ? new TransientFailure('truncated', 'the body ended early') : Object.assign(new Error('not HTTP'), { code: 'HPE_INVALID_HEAD' })
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown', { cause: error })
}
