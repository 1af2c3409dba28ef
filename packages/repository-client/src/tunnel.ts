import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'
import type { SecureContext } from 'node:tls'
import { readError, TransientFailure } from './failure.ts'
import { proxyAuthorization } from './proxy.ts'

/** What a tunnel needs. */
export interface TunnelOptions {
  readonly proxy: URL
  readonly host: string
  readonly port: number
  /** Milliseconds until the proxy must have answered. */
  readonly timeout: number
  readonly secureContext: SecureContext | undefined
}

/** Opens a tunnel through an HTTP proxy (CONNECT, RFC 9110 §9.3.6). Throws `PROXY_REFUSED` when the proxy says no; 5xx may be tried again. */
export async function openTunnel({ proxy, host, port, timeout, secureContext }: TunnelOptions): Promise<Socket> {
  const target = `${host}:${port}`
  const authorization = proxyAuthorization(proxy)
  const headers = { host: target, ...(authorization === undefined ? {} : { 'proxy-authorization': authorization }) }
  const request = proxy.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const connecting = request({
      hostname: proxy.hostname.replace(/^\[|\]$/g, ''), port: proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : proxy.port,
      method: 'CONNECT', path: target, headers, agent: false, timeout,
      ...(secureContext === undefined ? {} : { secureContext }),
    })
    connecting.once('connect', ({ statusCode = 0 }, socket, head) => {
      if (statusCode === 200 && head.length === 0) return resolve(plainSocket(socket))
      socket.destroy()
      reject(refusal(proxy, statusCode))
    })
    connecting.once('response', ({ statusCode = 0 }) => {
      connecting.destroy()
      reject(refusal(proxy, statusCode))
    })
    connecting.once('timeout', () => {
      connecting.destroy(new TransientFailure('timeout', 'the proxy did not answer in time'))
    })
    connecting.once('error', reject)
    connecting.end()
  })
}

/** The error for a proxy that answered with that status. */
export function proxyRefusal(proxy: URL, status: number): Error {
  return refusal(proxy, status)
}

function refusal(proxy: URL, status: number): Error {
  if (status >= 500) return new TransientFailure('status', `the proxy answered ${status}`)
  return readError('PROXY_REFUSED', `Cannot connect through the proxy ${proxy.host}: it answered ${status}`, {
    hint: status === 407 ? 'Write the user name and password of the proxy into its URL.' : 'Ask whoever runs the proxy, or add the host to NO_PROXY.',
    details: { status },
  })
}

function plainSocket(socket: Socket): Socket {
  socket.setTimeout(0)
  return socket
}
