import { findChannel, type PageChannel } from '../pages/find-channel.ts'
import type { PageCall, PageRoute, Reply } from '../pages/route.ts'
import { wantsHtml } from '../pages/send-reply.ts'
import { readUpload, UploadMalformed } from './read-upload.ts'
import { sendTakeAway } from './send-take-away.ts'
import { LARGEST_REFERENCE, openCounter } from './take-away.ts'
import { formatTakeAwayName, parseTakeAwayName } from './take-away-name.ts'
import { describeName, takeAwayApiRoute, takeAwayRoute } from './take-away-page.ts'

/** A download waits for its plan: nobody who fetches a file understands that it is not there yet. */
const PATIENCE = 240_000

/** Sends a delta. */
const downloadRoute: PageRoute = {
  path: '/*channel/-/take-away/:name',
  summary: 'A delta as a tarball: all-to-<generation>.tar, since-<generation>-to-<generation>.tar or reference-<id>-to-<generation>.tar; byte ranges',
  async answer(call) {
    const channel = await findChannel(call)
    const { name: text } = call.params
    const name = typeof text === 'string' ? parseTakeAwayName(text) : undefined
    if (channel?.isStore !== true || name === undefined) return ABSENT
    const counter = openCounter(call.site)
    const found = await counter.open(channel, name, PATIENCE)
    if (found.status === 'busy' || found.status === 'making') return { type: 'not-yet', what: 'Others are being served.' }
    if (found.status !== 'ready') return ABSENT
    const isServed = await counter.download(async () => await sendTakeAway(call.request, call.response, { file: found.file, name: `${channel.folder.replaceAll('/', '-')}-${nameFile(text)}` }))
    return isServed ? { type: 'answered' } : { type: 'not-yet', what: 'Others are downloading.' }
  },
}

const ABSENT: Reply = { type: 'absent', what: 'There is no such file, or none any more: a generation may be given up, and a reference is kept for an hour.' }

/** Who uploaded a reference knows it; its name here says nothing to anybody. */
function nameFile(text: string | readonly string[] | undefined): string {
  return typeof text === 'string' ? text.replace(/^reference-.{22}-/, 'reference-') : 'take-away.tar'
}

/** Takes a reference: as a form of a browser, which is led to what came of it, or as it is, which is answered as JSON. */
const uploadRoute: PageRoute = {
  path: '/*channel/-/take-away',
  method: 'post',
  summary: 'Takes a reference file (a form, or the file itself) and answers where the delta from it is',
  async answer(call) {
    const channel = await findChannel(call)
    if (channel === undefined) return refuse(call, 404, 'There is no such channel.')
    const target = channel.view.reader?.generation.number
    if (target === undefined) return refuse(call, 409, 'Nothing can be taken away from this channel now.')
    // A form on a page of somebody else's is none of ours.
    if (call.request.headers['sec-fetch-site'] === 'cross-site') return refuse(call, 403, 'This form is not of this site.')
    if (Number(call.request.headers['content-length'] ?? 0) > LARGEST_REFERENCE + MAXIMUM_FRAME) return refuse(call, 413, TOO_LARGE)
    return await receive(call, { channel, target })
  },
}

const MAXIMUM_FRAME = 65_536
const TOO_LARGE = 'The file is larger than the 256 MiB that are taken. conda-diff-tar --reference --compact makes smaller ones.'

async function receive(call: PageCall, { channel, target }: { readonly channel: PageChannel; readonly target: number }): Promise<Reply> {
  const { request } = call
  const over = new AbortController()
  request.once('close', () => {
    if (!request.complete) over.abort()
  })
  try {
    // The connection is still wanted, for the answer.
    const body = request.iterator({ destroyOnReturn: false })
    const kept = await openCounter(call.site).references.receive(readUpload({ body, contentType: request.headers['content-type'] ?? '' }), over.signal)
    if (kept.status !== 'kept') return kept.status === 'too-large' ? refuse(call, 413, TOO_LARGE) : refuse(call, 503, 'No reference can be taken now: come again in a while.')
    request.resume()
    return accept(call, { channel, target, id: kept.id })
  } catch (error) {
    if (over.signal.aborted) return { type: 'answered' }
    if (error instanceof UploadMalformed) return refuse(call, 400, 'There is no file in what was sent.')
    throw error
  }
}

function accept(call: PageCall, { channel, target, id }: { readonly channel: PageChannel; readonly target: number; readonly id: string }): Reply {
  const { response } = call
  if (wantsHtml(call.request)) {
    response.writeHead(303, { location: `take-away?reference=${id}`, 'content-length': 0, 'cache-control': 'no-store' }).end()
    return { type: 'answered' }
  }
  const name = { base: { kind: 'reference', id }, target } as const
  return { type: 'json', status: 201, value: { ...describeName(channel, name), name: formatTakeAwayName(name) }, headers: { 'cache-control': 'no-store' } }
}

/** What was not read of the request is not read any more. */
function refuse({ response }: PageCall, status: number, message: string): Reply {
  const body = Buffer.from(`${message}\n`)
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length, 'cache-control': 'no-store', connection: 'close', ...(status === 503 ? { 'retry-after': '60' } : {}) }).end(body)
  return { type: 'answered' }
}

/** What changed, to take away. */
export const TAKE_AWAY_ROUTES: readonly PageRoute[] = [takeAwayRoute, uploadRoute, downloadRoute, takeAwayApiRoute]
