import type { Fault } from '../exchange.ts'
import { headOf, offsetOf, type Place, replaceBody } from './fault-tools.ts'

/** Sends a part of the body under the Content-Length of the whole, then ends the connection cleanly (FIN). */
export function truncate(place: Place = {}): Fault {
  return {
    name: 'truncate',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      exchange.writeHead(status, headOf(exchange))
      await exchange.write(body.subarray(0, offsetOf(place, body.length)))
      exchange.socket.end()
    },
  }
}

/** Sends a part of the body and a Content-Length that agrees with it: only a digest can tell. */
export function truncateMatching(place: Place = {}): Fault {
  return replaceBody('truncateMatching', (body) => body.subarray(0, offsetOf(place, body.length)))
}

/** Sends a part of the body as chunks and ends the connection without the last chunk. */
export function truncateChunked(place: Place = {}): Fault {
  return {
    name: 'truncateChunked',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      const part = body.subarray(0, offsetOf(place, body.length))
      exchange.writeHead(status, headOf(exchange, { 'content-length': undefined, 'transfer-encoding': 'chunked' }))
      if (part.length > 0) await exchange.write(Buffer.concat([Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')]))
      exchange.socket.end()
    },
  }
}

/** Answers as HTTP/1.0 without a length and ends the connection at a place; `{ fraction: 1 }` sends everything. */
export function noLength(place: Place = {}): Fault {
  return {
    name: 'noLength',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      exchange.writeHead(status, headOf(exchange, { 'content-length': undefined }), 'HTTP/1.0')
      await exchange.write(body.subarray(0, offsetOf(place, body.length)))
      exchange.socket.end()
    },
  }
}

/** Sends the head and a part of the body, then resets the connection (RST). */
export function reset(place: Place = {}): Fault {
  return {
    name: 'reset',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      exchange.writeHead(status, headOf(exchange))
      await exchange.write(body.subarray(0, offsetOf(place, body.length)))
      exchange.socket.resetAndDestroy()
    },
  }
}

/** Resets the connection instead of answering, as a server does that has just closed an idle connection. */
export function resetBeforeHead(): Fault {
  return {
    name: 'resetBeforeHead',
    run: ({ socket }) => {
      socket.resetAndDestroy()
    },
  }
}
