import { gzipSync } from 'node:zlib'

import type { Fault } from '../exchange.ts'
import { headOf } from './fault-tools.ts'

/**
 * Declares these lengths, one header line each, before the honest body: `['-1']` negative, `['10', '11']` two, `['+0']`.
 * A text that starts with `+` or `-` and a digit, followed by `*`, is added to the true length: `['+10*']`, `['-10*']`.
 */
export function declareLength(lengths: readonly string[]): Fault {
  return {
    name: 'declareLength',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      const lines = lengths.map((text) => ['content-length', text.endsWith('*') ? String(body.length + Number(text.slice(0, -1))) : text] as const)
      exchange.writeHead(status, [...headOf(exchange, { 'content-length': undefined }), ...lines])
      await exchange.write(body)
      exchange.socket.end()
    },
  }
}

/** Claims a Content-Encoding that the body does not have. */
export function claimEncoding(encoding: string): Fault {
  return {
    name: 'claimEncoding',
    run: ({ honest, send }) => {
      send({ ...honest, headers: { ...honest.headers, 'content-encoding': encoding } })
    },
  }
}

/** Compresses the body with gzip so many times and says so once for each; with 1 it is an honest answer. */
export function gzip(times = 1): Fault {
  return {
    name: 'gzip',
    run: ({ honest, send }) => {
      let body = honest.body
      for (let done = 0; done < times; done++) body = gzipSync(body)
      const encoding = Array.from({ length: times }, () => 'gzip').join(', ')
      send({ ...honest, headers: { ...honest.headers, 'content-encoding': encoding, 'content-length': String(body.length) }, body })
    },
  }
}

/** Sends so many zero bytes as a gzip body a thousandth of that size. */
export function gzipBomb(bytes: number): Fault {
  const body = gzipSync(Buffer.alloc(bytes), { level: 9 })
  return {
    name: 'gzipBomb',
    run: ({ honest, send }) => {
      send({ status: 200, headers: { ...honest.headers, 'content-encoding': 'gzip', 'content-length': String(body.length) }, body })
    },
  }
}

/** Sends one header line of so many bytes before the honest body. */
export function hugeHeader(bytes = 65_536): Fault {
  return {
    name: 'hugeHeader',
    run: ({ honest, send }) => {
      send({ ...honest, headers: { ...honest.headers, 'x-padding': 'x'.repeat(bytes) } })
    },
  }
}

/** Answers honestly with a promise to keep the connection, then closes it. */
export function closeIdle(): Fault {
  return {
    name: 'closeIdle',
    run: ({ honest, request, send, socket }) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      socket.once('close', () => { resolve() })
      send({ ...honest, headers: { ...honest.headers, connection: 'keep-alive', 'keep-alive': 'timeout=600' } })
      request.once('close', () => { socket.end() })
      return promise
    },
  }
}
