import type { IncomingHttpHeaders } from 'node:http'

/** A range of bytes, `start` included, `end` excluded. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** What tells two states of a file apart. */
export interface Validators {
  /** Strong, without quotes: equal means equal bytes of one representation. */
  readonly etag: string
  /** Milliseconds since 1970. */
  readonly modified: number
}

/** What is to be answered. */
export type Verdict =
  | { readonly status: 200 }
  | { readonly status: 206; readonly range: ByteRange }
  | { readonly status: 304 }
  | { readonly status: 412 }
  | { readonly status: 416 }

/** Judges the conditions and the range of a request for `size` bytes, in the order of RFC 9110 §13.2.2. A range is heeded for GET alone (§14.2). */
export function judge(headers: IncomingHttpHeaders, { validators, size, method }: { readonly validators: Validators; readonly size: number; readonly method: string }): Verdict {
  if (!mayProceed(headers, validators)) return { status: 412 }
  if (isUnmodified(headers, validators)) return { status: 304 }
  const { range } = headers
  if (range === undefined || method !== 'GET' || !isSameRepresentation(headers['if-range'], validators)) return { status: 200 }
  const parsed = parseRange(range, size)
  if (parsed === 'whole') return { status: 200 }
  return parsed === 'unsatisfiable' ? { status: 416 } : { status: 206, range: parsed }
}

function mayProceed(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const match = headers['if-match']
  if (match !== undefined) return match.trim() === '*' || listTags(match).some((tag) => tag === `"${etag}"`)
  const since = parseDate(headers['if-unmodified-since'])
  return since === undefined || toSeconds(modified) <= toSeconds(since)
}

function isUnmodified(headers: IncomingHttpHeaders, { etag, modified }: Validators): boolean {
  const none = headers['if-none-match']
  if (none !== undefined) return none.trim() === '*' || listTags(none).some((tag) => tag.replace(/^W\//, '') === `"${etag}"`)
  const since = parseDate(headers['if-modified-since'])
  return since !== undefined && toSeconds(modified) <= toSeconds(since)
}

/** A list of entity tags; what is none is passed over. A comma may stand inside of one. */
function listTags(header: string): readonly string[] {
  return [...header.matchAll(/(?:W\/)?"[\u0021\u0023-\u007e\u0080-\u00ff]*"/g)].map(([tag]) => tag)
}

/** RFC 9110 §13.1.5: strong comparison, or exactly the date that was sent. */
function isSameRepresentation(header: string | readonly string[] | undefined, { etag, modified }: Validators): boolean {
  if (header === undefined) return true
  if (typeof header !== 'string') return false
  if (header.includes('"')) return header.trim() === `"${etag}"`
  const date = parseDate(header)
  return date !== undefined && toSeconds(date) === toSeconds(modified)
}

/** A date that HTTP allows, in milliseconds; undefined for none and for one that cannot be read, which is to be ignored. */
function parseDate(header: string | undefined): number | undefined {
  const date = header === undefined || !/^[A-Z][a-z]{2,8},? .*\d/.test(header) ? Number.NaN : Date.parse(header)
  return Number.isNaN(date) ? undefined : date
}

/** HTTP's dates have no smaller unit. */
function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}

/** Several ranges are answered with all (RFC 9110 §14.2 allows it), and so is what is no range. */
function parseRange(header: string, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const { first = '', last = '' } = /^bytes=\s*(?<first>\d*)-(?<last>\d*)\s*$/i.exec(header)?.groups ?? {}
  if (first === '') return last === '' ? 'whole' : readSuffix(Number(last), size)
  const start = Number(first)
  const end = last === '' ? Number.POSITIVE_INFINITY : Number(last) + 1
  if (end <= start) return 'whole'
  return start >= size ? 'unsatisfiable' : { start, end: Math.min(end, size) }
}

/** A suffix that is longer than the file is the file. */
function readSuffix(wanted: number, size: number): ByteRange | 'unsatisfiable' {
  const length = Math.min(wanted, size)
  return length === 0 ? 'unsatisfiable' : { start: size - length, end: size }
}
