import type { RecordView } from '@mirror/core'
import type { ArtifactFormat, FormatChoice } from '../selection.ts'

/** Formats as numbers. */
export const OTHER_FORMAT = 0
const FORMATS: readonly ArtifactFormat[] = ['conda', 'tar.bz2']

const QUOTE = 0x22
const BLANK = 0x20
const COLON = 0x3a
const ENDINGS = FORMATS.map((format) => Buffer.from(`.${format}`))

/** The number of a format: its place plus 1. */
export function numberOfFormat(format: ArtifactFormat): number {
  return FORMATS.indexOf(format) + 1
}

/** The format that the file name of a record ends in, as a number; `OTHER_FORMAT` for a wheel. */
export function readFormat(view: RecordView): number {
  if (view.section.startsWith('v3.')) return formatOfName(view.section)
  const found = formatOfBytes(view)
  return found === OTHER_FORMAT ? formatOfName(view.key()) : found
}

function formatOfName(name: string): number {
  return FORMATS.findIndex((format) => name.endsWith(`.${format}`)) + 1
}

/** The key stands before the value: its last bytes are read where they are. One that is written with escapes is not found. */
function formatOfBytes({ bytes, start }: RecordView): number {
  let end = start - 1
  while ((bytes[end] ?? QUOTE) <= BLANK || bytes[end] === COLON) end -= 1
  if (bytes[end] !== QUOTE) return OTHER_FORMAT
  for (let at = 0; at < ENDINGS.length; at += 1) if (endsWith(bytes, end, ENDINGS[at])) return at + 1
  return OTHER_FORMAT
}

function endsWith(bytes: Uint8Array, end: number, ending: Uint8Array = bytes): boolean {
  const start = end - ending.length
  for (let at = ending.length - 1; at >= 0; at -= 1) if (bytes[start + at] !== ending[at]) return false
  return true
}

/** For each number of a format whether it is allowed: what is neither of the two always is, and an empty list allows both. */
export function allowedFormats({ allowed }: FormatChoice): readonly boolean[] {
  return [true, ...FORMATS.map((format) => allowed.length === 0 || allowed.includes(format))]
}
