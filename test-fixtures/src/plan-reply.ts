import type { BigIntStats } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'

/** What an honest server would answer: a status, headers, and which bytes of the file. */
export interface PlannedReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** First byte and the byte after the last; equal when there is no body. */
  readonly start: number
  readonly end: number
}

/** What a reply depends on. */
export interface ServedFile {
  readonly size: number
  readonly etag: string
  readonly lastModified: Date
  readonly contentType: string
  readonly cacheControl: string
}

/** Describes a file for serving; the ETag is strong and differs between files and between versions of one file. */
export function describeFile(path: string, stats: BigIntStats): ServedFile {
  return {
    size: Number(stats.size),
    etag: `"${stats.size.toString(16)}-${stats.mtimeNs.toString(16)}-${stats.ino.toString(16)}"`,
    lastModified: new Date(Math.floor(Number(stats.mtimeMs) / 1000) * 1000),
    contentType: contentTypeOf(path),
    cacheControl: /\.(?:conda|tar\.bz2|msgpack\.zst)$/.test(path) && !path.endsWith('repodata_shards.msgpack.zst') ? 'max-age=60' : 'no-cache',
  }
}

/** Plans the answer to GET or HEAD by RFC 9110: conditions, then a single byte range; several ranges get the whole file. */
export function planReply(file: ServedFile, headers: IncomingHttpHeaders): PlannedReply {
  const shared = {
    'accept-ranges': 'bytes',
    'cache-control': file.cacheControl,
    etag: file.etag,
    'last-modified': file.lastModified.toUTCString(),
  }
  if (isNotModified(file, headers)) return { status: 304, headers: shared, start: 0, end: 0 }
  const range = isRangeWanted(file, headers) ? parseRange(headers.range, file.size) : undefined
  if (range === 'unsatisfiable') {
    return { status: 416, headers: { ...shared, 'content-range': `bytes */${file.size}`, 'content-length': '0' }, start: 0, end: 0 }
  }
  const { start, end } = range ?? { start: 0, end: file.size }
  const partial = range === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${file.size}` }
  const full = { ...shared, 'content-type': file.contentType, 'content-length': String(end - start), ...partial }
  return { status: range === undefined ? 200 : 206, headers: full, start, end }
}

function isNotModified(file: ServedFile, headers: IncomingHttpHeaders): boolean {
  const tags = headers['if-none-match']
  if (tags !== undefined) return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === file.etag)
  const since = Date.parse(headers['if-modified-since'] ?? '')
  return !Number.isNaN(since) && file.lastModified.getTime() <= since
}

function isRangeWanted(file: ServedFile, headers: IncomingHttpHeaders): boolean {
  const condition = headers['if-range']
  if (condition === undefined || Array.isArray(condition)) return true
  return condition === file.etag || condition === file.lastModified.toUTCString()
}

function parseRange(text: string | undefined, size: number): { readonly start: number; readonly end: number } | 'unsatisfiable' | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text ?? '')
  if (match === null) return undefined
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return undefined
  if (first === '') return Number(last) === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - Number(last)), end: size }
  const start = Number(first)
  const end = last === '' ? size : Math.min(size, Number(last) + 1)
  if (last !== '' && Number(last) < start) return undefined
  return start >= size ? 'unsatisfiable' : { start, end }
}

function contentTypeOf(path: string): string {
  if (path.endsWith('.json')) return 'application/json'
  if (path.endsWith('.zst')) return 'application/zstd'
  if (path.endsWith('.html')) return 'text/html; charset=utf-8'
  return 'application/octet-stream'
}
