import { refuseCall } from './answer.ts'

/** One part of a form, in the order of the wire. */
export interface FormPart {
  readonly name: string
  readonly filename: string | undefined
  /** The part's own Content-Type. */
  readonly contentType: string | undefined
  /** All headers of the part, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
}

/** Reads multipart/form-data (RFC 7578) byte for byte: CRLF, one boundary, no preamble, nothing after the end. Else refuses: `form-type`, `form-shape`. */
export function readForm(contentType: string | undefined, body: Buffer): FormPart[] {
  const boundary = /^multipart\/form-data;\s*boundary="?([^";,\s]{1,70})"?$/i.exec(contentType ?? '')?.[1]
  if (boundary === undefined) return refuseCall('form-type', `Content-Type is ${contentType ?? 'absent'}`)
  const delimiter = Buffer.from(`\r\n--${boundary}`)
  if (!body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2))) return refuseCall('form-shape', 'the body does not begin with its boundary')
  const parts: FormPart[] = []
  let at = delimiter.length - 2
  while (!isEnd(body, at)) {
    if (body.toString('latin1', at, at + 2) !== '\r\n') return refuseCall('form-shape', `no line end after boundary ${parts.length}`)
    const next = body.indexOf(delimiter, at + 2)
    if (next < 0) return refuseCall('form-shape', `part ${parts.length} has no end`)
    parts.push(readPart(body.subarray(at + 2, next)))
    at = next + delimiter.length
  }
  return parts
}

function isEnd(body: Buffer, at: number): boolean {
  const rest = body.toString('latin1', at, at + 5)
  return body.length - at <= 4 && (rest === '--\r\n' || rest === '--')
}

function readPart(bytes: Buffer): FormPart {
  const at = bytes.indexOf('\r\n\r\n')
  if (at < 0) return refuseCall('form-shape', 'a part without a head')
  const lines = bytes.toString('utf8', 0, at).split('\r\n')
  const headers = Object.fromEntries(lines.map((line) => [line.split(':', 1).join().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]))
  const disposition = headers['content-disposition'] ?? ''
  const name = /^form-data;.*\bname="([^"]+)"/i.exec(disposition)?.[1]
  if (name === undefined) return refuseCall('form-shape', 'a part without a name')
  const filename = /\bfilename="([^"]*)"/i.exec(disposition)?.[1]
  return { name, filename, contentType: headers['content-type'], headers, bytes: bytes.subarray(at + 4) }
}
