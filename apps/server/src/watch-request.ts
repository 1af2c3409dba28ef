import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerEvent } from './events.ts'
import { type RequestPath, showPath } from './request-path.ts'

/** A request that is watched. */
export interface WatchedCall {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: RequestPath | undefined
  readonly client: { readonly address: string }
  /** As they are known when it is over. */
  readonly caller: { readonly name: string | undefined }
}

/** Tells of a request when it is over, however it ends. */
export function watchRequest(call: WatchedCall, observe: (event: ServerEvent) => void): void {
  const { request, response, path, client } = call
  const started = performance.now()
  const { socket } = request
  const before = socket.bytesWritten
  response.once('close', () => {
    observe({
      type: 'request',
      method: request.method ?? '',
      path: showPath(path),
      status: response.statusCode,
      bytes: Math.max(0, socket.bytesWritten - before),
      duration: performance.now() - started,
      client: client.address,
      user: call.caller.name,
      isWhole: response.writableFinished,
    })
  })
}
