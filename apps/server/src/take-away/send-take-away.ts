import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { type ByteRange, judge } from '../conditions.ts'
import type { FoundFile } from '../found-file.ts'
import { openBody } from '../send-body.ts'

/** A tarball and the name under which it is to be kept. */
export interface SentTakeAway {
  readonly file: FoundFile
  readonly name: string
}

/** Sends a tarball or the part of it that is asked for: conditions and ranges as for any file. What cannot be read to the end breaks the connection. */
export async function sendTakeAway(request: IncomingMessage, response: ServerResponse, sent: SentTakeAway): Promise<void> {
  const { size } = sent.file
  const verdict = judge(request.headers, { validators: sent.file, size, method: request.method ?? '' })
  const headers = describe(sent)
  switch (verdict.status) {
    case 304:
      return void response.writeHead(304, headers).end()
    case 412:
      return void response.writeHead(412, { 'cache-control': 'no-store', 'content-length': 0 }).end()
    case 416:
      return void response.writeHead(416, { 'content-range': `bytes */${size}`, 'cache-control': 'no-store', 'content-length': 0 }).end()
    case 206: {
      const { start, end } = verdict.range
      return await send(request, response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end - 1}/${size}`, 'content-length': end - start }), { file: sent.file, range: verdict.range })
    }
    case 200:
      return await send(request, response.writeHead(200, { ...headers, 'content-length': size }), { file: sent.file, range: { start: 0, end: size } })
  }
}

function describe({ file: { etag, modified }, name }: SentTakeAway): OutgoingHttpHeaders {
  return {
    etag: `"${etag}"`, 'last-modified': new Date(modified).toUTCString(), 'cache-control': 'private, no-cache', 'accept-ranges': 'bytes', 'content-type': 'application/x-tar',
    'content-disposition': `attachment; filename="${name.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}"`,
  }
}

/** The head is on its way: from here on what goes wrong breaks the connection. */
async function send(request: IncomingMessage, response: ServerResponse, { file, range }: { readonly file: FoundFile; readonly range: ByteRange }): Promise<void> {
  if (request.method === 'HEAD') return void response.end()
  const body = await openBody(file, range).catch(() => undefined)
  if (body === undefined || response.destroyed) {
    response.destroy()
    await body?.stop()
  } else await body.send(response)
}
