import { setTimeout as delay } from 'node:timers/promises'

import type { Fault } from '../exchange.ts'
import { createPadding } from '../padding.ts'
import { headOf, offsetOf, type Place, untilGone } from './fault-tools.ts'

/** Sends the head and a part of the body (default nothing of it), then neither more nor an end. */
export function stall(place: Place = { bytes: 0 }): Fault {
  return {
    name: 'stall',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      exchange.writeHead(status, headOf(exchange))
      await exchange.write(body.subarray(0, offsetOf(place, body.length)))
      await untilGone(exchange)
    },
  }
}

/** Accepts the request and never answers. */
export function silence(): Fault {
  return { name: 'silence', run: untilGone }
}

/** Sends the body at a number of bytes a second. */
export function slow(bytesPerSecond: number): Fault {
  return {
    name: 'slow',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      const step = Math.max(1, Math.floor(bytesPerSecond / 20))
      exchange.writeHead(status, headOf(exchange))
      for (let at = 0; at < body.length && !exchange.signal.aborted; at += step) {
        await exchange.write(body.subarray(at, at + step))
        await delay((step / bytesPerSecond) * 1000, undefined, { signal: exchange.signal }).catch(() => undefined)
      }
      exchange.socket.end()
    },
  }
}

/** Sends the head one byte at a time, with a pause after each, then the body. */
export function slowHeaders(pauseMs: number): Fault {
  return {
    name: 'slowHeaders',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      const head = `HTTP/1.1 ${status} OK\r\n${headOf(exchange).map(([name, value]) => `${name}: ${value}\r\n`).join('')}connection: close\r\n\r\n`
      for (const byte of head) {
        if (exchange.signal.aborted) return
        await exchange.write(byte)
        await delay(pauseMs, undefined, { signal: exchange.signal }).catch(() => undefined)
      }
      await exchange.write(body)
      exchange.socket.end()
    },
  }
}

/** Sends the body and then more of it for ever, with no length. */
export function endless(): Fault {
  return {
    name: 'endless',
    run: async (exchange) => {
      exchange.writeHead(exchange.honest.status, headOf(exchange, { 'content-length': undefined }))
      await exchange.write(exchange.honest.body)
      const more = createPadding('endless', 65_536)
      while (!exchange.signal.aborted) await exchange.write(more)
    },
  }
}

/** Answers 102 so many times before the real answer. */
export function interimFlood(count: number): Fault {
  return {
    name: 'interimFlood',
    run: async (exchange) => {
      const { status, body } = exchange.honest
      const interim = 'HTTP/1.1 102 Processing\r\n\r\n'.repeat(100)
      for (let sent = 0; sent < count && !exchange.signal.aborted; sent += 100) {
        await exchange.write(interim.slice(0, Math.min(100, count - sent) * (interim.length / 100)))
      }
      exchange.writeHead(status, headOf(exchange))
      await exchange.write(body)
      exchange.socket.end()
    },
  }
}
