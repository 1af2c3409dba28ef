import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ServerEvent } from './events.ts'
import { type RequestPath, showPath } from './request-path.ts'

/** Tells of a request when it is over, however it ends. */
export function watchRequest(request: IncomingMessage, response: ServerResponse, { path, observe }: { readonly path: RequestPath | undefined; readonly observe: (event: ServerEvent) => void }): void {
  const started = performance.now()
  const { socket } = request
  const client = socket.remoteAddress ?? ''
  const before = socket.bytesWritten
  response.once('close', () => {
    observe({
      type: 'request',
      method: request.method ?? '',
      path: showPath(path),
      status: response.statusCode,
      bytes: Math.max(0, socket.bytesWritten - before),
      duration: performance.now() - started,
      client,
      isWhole: response.writableFinished,
    })
  })
}
