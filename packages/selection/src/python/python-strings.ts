import { endOfPlain } from '../records/texts.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = 0x5b
const CLOSE = 0x5d
const BLANK = 0x20
const LOWER = 0x20
const P = 0x70
const T = 0x74
const U = 0x75
const Y = 0x79

/** Every package whose version or name says which Python it is of has `pyt` or `pyp` in its name. False where no text between `start` and `end` can have it, in any case or escape. */
export function mayMentionPython(bytes: Uint8Array, start: number, end: number): boolean {
  // Every second byte is enough: of two that stand side by side, one is looked at.
  for (let at = start; at < end; at += 2) {
    const byte = bytes[at] ?? 0
    const lower = byte | LOWER
    if (lower === Y) {
      if (isPython(bytes, at - 1)) return true
    } else if (lower === P) {
      if (isPython(bytes, at)) return true
    } else if (byte === BACKSLASH || (byte === U && bytes[at - 1] === BACKSLASH)) return true
  }
  return false
}

function isPython(bytes: Uint8Array, start: number): boolean {
  const third = (bytes[start + 2] ?? 0) | LOWER
  return (third === T || third === P) && ((bytes[start + 1] ?? 0) | LOWER) === Y && ((bytes[start] ?? 0) | LOWER) === P
}

/** Where those strings of the JSON list at `start` open that have `pyt` or `pyp` in them, in any case; undefined when only parsing can tell: for what is no list of strings, and for escapes. */
export function findPythonStrings(bytes: Uint8Array, start: number, found: number[]): readonly number[] | undefined {
  found.length = 0
  if (bytes[start] !== OPEN) return undefined
  let at = start
  if (bytes[skipBlanks(bytes, start + 1)] === CLOSE) return found
  do {
    const opened = skipBlanks(bytes, at + 1)
    if (bytes[opened] !== QUOTE) return undefined
    const end = endOfPlain(bytes, opened + 1)
    if (bytes[end] !== QUOTE) return undefined
    if (mentionsPython(bytes, opened + 1, end)) found.push(opened)
    at = skipBlanks(bytes, end + 1)
  } while (bytes[at] === COMMA)
  return found
}

function mentionsPython(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end - 2; at += 1) if (isPython(bytes, at)) return true
  return false
}

function skipBlanks(bytes: Uint8Array, start: number): number {
  let at = start
  while ((bytes[at] ?? QUOTE) <= BLANK) at += 1
  return at
}
