import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** A whole answer: what is sent is exactly this, whether true or not. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** One request, in the hands of a fault. */
export interface Exchange {
  readonly request: IncomingMessage
  /** What the honest server would answer to this request, with the whole body even for HEAD. */
  readonly honest: Reply
  readonly socket: Socket
  /** How many requests met this misbehaviour before this one. */
  readonly hit: number
  /** Aborted when the client is gone or the server closes. */
  readonly signal: AbortSignal
  /** Answers with correct framing and keeps the connection; the body is dropped for HEAD, 204 and 304. */
  readonly send: (reply: Reply) => void
  /** Answers honestly, from the file as it is now. */
  readonly sendHonest: () => Promise<void>
  /** Writes a head as it is, with nothing added but what is given; the connection is not used again. */
  readonly writeHead: (status: number, headers: readonly (readonly [name: string, value: string])[], protocol?: string) => void
  /** Writes to the connection; resolves when the bytes are with the kernel or the client is gone. */
  readonly write: (bytes: Uint8Array | string) => Promise<void>
}

/** One way to answer wrongly. */
export interface Fault {
  readonly name: string
  readonly run: (exchange: Exchange) => void | Promise<void>
}

/** A gate that holds requests until a test opens it. */
export interface Gate {
  readonly open: () => void
  /** Resolves when the first request waits at the gate. */
  readonly reached: Promise<void>
  /** Called by the fault that waits here. */
  readonly pass: () => Promise<void>
}

/** A closed gate. */
export function createGate(): Gate {
  const opened = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  return {
    open: () => {
      opened.resolve()
    },
    reached: reached.promise,
    pass: async () => {
      reached.resolve()
      await opened.promise
    },
  }
}
