import { createServer, type Server, type Socket } from 'node:net'

/** What a black hole does to its connections. */
export interface BlackHoleOptions {
  /** Reset each connection at its first byte, as a failed TLS handshake looks; default false, say nothing for ever. */
  readonly reset?: boolean
}

/** A server that accepts every connection and never answers. */
export interface BlackHole extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** How many connections it has swallowed. */
  readonly connections: number
  /** Resolves when the first connection is there. */
  readonly reached: Promise<void>
  readonly close: () => Promise<void>
}

/** Starts a black hole on 127.0.0.1; what clients send is read and forgotten. */
export async function startBlackHole(options: BlackHoleOptions = {}): Promise<BlackHole> {
  const sockets = new Set<Socket>()
  const reached = Promise.withResolvers<void>()
  let connections = 0
  const server = createServer((socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => { sockets.delete(socket) })
    socket.on('data', () => { if (options.reset === true) socket.resetAndDestroy() })
    reached.resolve()
  })
  const port = await listenLocally(server)
  const close = async (): Promise<void> => { await closeWith(server, sockets) }
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    get connections() {
      return connections
    },
    reached: reached.promise,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Listens on a free port of 127.0.0.1 and gives it. */
export async function listenLocally(server: Server): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('The server has no port')
  return address.port
}

/** Closes a server and everything that is connected to it. */
export async function closeWith(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => { resolve() })
  for (const socket of sockets) socket.destroy()
  await promise
}
