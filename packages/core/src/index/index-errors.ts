import { MirrorError } from '../errors.ts'

const EXPECTED: readonly string[] = [
  '"{"', 'the end of the document', 'a key or "}"', 'a key', '":"', 'a value', '"," or "}"', 'a value or "]"', 'a value', '"," or "]"', 'a value', '"," or "}"', 'the rest of a string',
]

const UNKNOWN_SCALAR = 2

const WRONG: ReadonlyMap<number, string> = new Map([
  [3, 'a control character'],
  [4, 'an escape that JSON does not know'],
  [5, 'half of a surrogate pair'],
  [6, 'a byte that is not UTF-8'],
  [7, 'a value nested more than 512 deep'],
  [8, 'a key that its object has already'],
])

const IMPLAUSIBLE: ReadonlyMap<number, string> = new Map([
  [20, 'the document is not a JSON object'],
  [21, 'a section is not an object'],
  [22, 'a record is not an object'],
  [24, 'a key is longer than 64 KiB'],
])

const HINT = 'The document is damaged or not an index; fetch it again, and report it to the channel if it stays so.'

/** The error for a document that is not JSON, with the byte position. */
export function createMalformedError(position: number, what: string): MirrorError<'INDEX_MALFORMED'> {
  return new MirrorError('INDEX_MALFORMED', `Cannot read the index: ${what} at byte ${position}`, { hint: HINT, details: { position } })
}

/** The error for a document that is JSON, but no index that could be used. */
export function createImplausibleError(what: string, details: Readonly<Record<string, unknown>> = {}): MirrorError<'INDEX_IMPLAUSIBLE'> {
  return new MirrorError('INDEX_IMPLAUSIBLE', `Cannot use the index: ${what}`, { hint: 'Nothing of this subdir was changed; report it to the channel.', details })
}

/** Explains a failure of the compiled scanner. `found` is the byte there, if there is one. */
export function createScanError(failure: { readonly code: number; readonly state: number; readonly position: number; readonly found: number | undefined }): MirrorError {
  const { code, state, position, found } = failure
  const implausible = IMPLAUSIBLE.get(code)
  if (implausible !== undefined) return createImplausibleError(`${implausible} (byte ${position})`, { position })
  const expected = EXPECTED[state] ?? 'JSON'
  const wrong = WRONG.get(code)
  if (wrong !== undefined) return createMalformedError(position, `${wrong}, where ${expected} was expected,`)
  if (code === UNKNOWN_SCALAR && isWordByte(found)) return createMalformedError(position, `a number or word that JSON does not know, where ${expected} was expected,`)
  if (found === undefined) return createMalformedError(position, `the document ends where ${expected} was expected,`)
  return createMalformedError(position, `${describeByte(found)} where ${expected} was expected,`)
}

function isWordByte(byte: number | undefined): boolean {
  return byte !== undefined && /[A-Za-z0-9+.-]/.test(String.fromCharCode(byte))
}

function describeByte(byte: number): string {
  if (byte === 0xef) return 'a byte order mark or another byte 0xef'
  return byte > 0x20 && byte < 0x7f ? JSON.stringify(String.fromCharCode(byte)) : `the byte 0x${byte.toString(16).padStart(2, '0')}`
}
