import type { IncomingMessage, ServerResponse } from 'node:http'
import { type ByteRange, judge } from './conditions.ts'
import { chooseRepresentation, type Representation } from './choose-representation.ts'
import { COMMON_HEADERS } from './common-headers.ts'
import type { FoundFile, Freshness } from './found-file.ts'
import type { GzipCopies } from './gzip-copies.ts'
import { keptBody, openBody } from './send-body.ts'

/** What a file is answered with. */
export interface FileAnswer {
  readonly file: FoundFile
  readonly copies: GzipCopies
  /** Everybody would get it; otherwise caches that serve several people are not to keep it. */
  readonly isPublic: boolean
}

/**
 * Answers a GET or HEAD for a file: conditions, ranges and representations of RFC 9110, the headers of `channels.md` §2.2. False when it is gone and nothing was answered. A file that
 * fails while it is sent breaks the connection: nobody takes a part for the whole. No header may have been set before.
 */
export async function answerFile(request: IncomingMessage, response: ServerResponse, { file, copies, isPublic }: FileAnswer): Promise<boolean> {
  const chosen = chooseRepresentation(request, file, copies)
  const { size } = chosen.file
  const verdict = judge(request.headers, { validators: chosen.file, size, method: request.method ?? '' })
  const headers = describe(chosen, isPublic)
  switch (verdict.status) {
    case 304:
      return end(response, 304, headers)
    case 412:
      return end(response, 412, [...COMMON, 'cache-control', 'no-store', 'content-length', '0'])
    case 416:
      return end(response, 416, [...COMMON, 'content-range', `bytes */${size}`, 'cache-control', 'no-store', 'content-length', '0'])
    case 200:
      return await send(request, response, { file: chosen.file, status: 200, headers: [...headers, 'content-length', String(size)], range: { start: 0, end: size } })
    case 206: {
      const { range } = verdict
      const partial = [...headers, 'content-range', `bytes ${range.start}-${range.end - 1}/${size}`, 'content-length', String(range.end - range.start)]
      return await send(request, response, { file: chosen.file, status: 206, headers: partial, range })
    }
  }
}

const TYPES: readonly (readonly [string, string])[] = [
  ['.json', 'application/json'], ['.zst', 'application/zstd'], ['.bz2', 'application/x-bzip2'], ['.sh', 'application/x-sh'], ['.html', 'text/html; charset=utf-8'],
  ['.txt', 'text/plain; charset=utf-8'], ['.xml', 'application/xml'],
]

const LIFETIMES = { immutable: 'max-age=31536000, immutable', index: 'max-age=60' } as const

/**
 * Who may keep it, and for how long. Caches that serve several people ask each time for what is not for everybody, with the credentials of who asked them (RFC 9111 §5.2.2.10). `private` would say the
 * same, but rattler's own cache takes itself for one of those, and would fetch every index anew. conda takes the first age that it finds.
 */
function describeLifetime(freshness: Freshness, isPublic: boolean): string {
  return isPublic ? `public, ${LIFETIMES[freshness]}` : `${LIFETIMES[freshness]}, s-maxage=0`
}

/** Names and values in turn, as Node takes them without looking at each. */
type RawHeaders = readonly string[]

const COMMON: RawHeaders = Object.entries(COMMON_HEADERS).flat()

/** What is told of a file is made once for as long as it is held to be the same. */
const describedForAll = new WeakMap<FoundFile, RawHeaders>()
const describedForSome = new WeakMap<FoundFile, RawHeaders>()

function describe(representation: Representation, isPublic: boolean): RawHeaders {
  const { file } = representation
  const described = isPublic ? describedForAll : describedForSome
  const known = described.get(file)
  if (known !== undefined) return known
  const headers = describeAnew(representation, isPublic)
  described.set(file, headers)
  return headers
}

function describeAnew({ file, isGzip, varies }: Representation, isPublic: boolean): RawHeaders {
  return [
    ...COMMON,
    'etag', `"${file.etag}"`,
    'last-modified', new Date(file.modified).toUTCString(),
    'cache-control', describeLifetime(file.freshness, isPublic),
    'accept-ranges', 'bytes',
    'content-type', TYPES.find(([ending]) => file.name.endsWith(ending))?.[1] ?? 'application/octet-stream',
    // A page in the mirror is somebody else's: it runs nothing, reaches nothing of ours, and tells nobody where it was, which may be below a token.
    ...(/\.(?:html|xml)$/.test(file.name) ? ['content-security-policy', "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox", 'referrer-policy', 'no-referrer'] : []),
    ...(varies ? ['vary', 'accept-encoding'] : []),
    ...(isGzip ? ['content-encoding', 'gzip'] : []),
  ]
}

function end(response: ServerResponse, status: number, headers: RawHeaders): true {
  response.writeHead(status, [...headers]).end()
  return true
}

interface Sending {
  readonly file: FoundFile
  readonly status: 200 | 206
  readonly headers: RawHeaders
  readonly range: ByteRange
}

async function send(request: IncomingMessage, response: ServerResponse, { file, status, headers, range }: Sending): Promise<boolean> {
  if (request.method === 'HEAD' || range.end === range.start) return end(response, status, headers)
  const kept = keptBody(file)
  if (kept !== undefined) {
    response.writeHead(status, [...headers]).end(kept.length === range.end - range.start ? kept : kept.subarray(range.start, range.end))
    return true
  }
  const body = await openBody(file, range)
  if (body === undefined) return false
  if (response.destroyed) await body.stop()
  else await body.send(response.writeHead(status, [...headers]))
  return true
}
