import { BrokenArtifact } from './broken-artifact.ts'

/** What a pax header says of the member after it. */
export interface PaxFields {
  readonly path: string | undefined
  readonly size: number | undefined
  readonly isSparse: boolean
}

const WHOLE = /^[0-9]{1,16}$/

/** Reads a pax header (POSIX.1-2001: `length key=value`, length counting itself and the line feed). Throws `BrokenArtifact` for one that is damaged. */
export function parsePaxFields(bytes: Buffer): PaxFields {
  const fields = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const { key, value, end } = readPaxRecord(bytes, at)
    fields.set(key, value)
    at = end
  }
  return {
    path: fields.get('GNU.sparse.name') ?? fields.get('path'),
    size: readSize(fields.get('size')),
    isSparse: [...fields.keys()].some((key) => key.startsWith('GNU.sparse.')),
  }
}

interface PaxRecord {
  readonly key: string
  readonly value: string
  /** Where the next one is. */
  readonly end: number
}

function readPaxRecord(bytes: Buffer, at: number): PaxRecord {
  const space = bytes.indexOf(0x20, at)
  const digits = space < 0 || space > at + 8 ? '' : bytes.toString('latin1', at, space)
  const end = at + (WHOLE.test(digits) ? Number(digits) : 0)
  const equals = bytes.subarray(0, end).indexOf(0x3d, at)
  if (end <= space || end > bytes.length || equals <= space || bytes[end - 1] !== 0x0a) throw new BrokenArtifact('its tar has a pax header that is damaged')
  return { key: bytes.toString('utf8', space + 1, equals), value: bytes.toString('utf8', equals + 1, end - 1), end }
}

function readSize(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (WHOLE.test(text) && Number.isSafeInteger(Number(text))) return Number(text)
  throw new BrokenArtifact('its tar has a member with a size that is none')
}
