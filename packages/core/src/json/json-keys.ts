const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d
const OPEN_ARRAY = 0x5b
const CLOSE_ARRAY = 0x5d

/** Where the string that opens at `start` ends: the position behind its closing quote. The bytes are valid JSON. */
export function endOfString(bytes: Uint8Array, start: number): number {
  let position = start + 1
  for (;;) {
    const byte = bytes[position]
    if (byte === QUOTE || byte === undefined) return position + 1
    position += byte === BACKSLASH ? 2 : 1
  }
}

/** The position of the first byte from `start` on that is not a blank. */
export function skipBlanks(bytes: Uint8Array, start: number): number {
  let position = start
  for (;;) {
    const byte = bytes[position]
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return position
    position += 1
  }
}

/** Where the value that starts at `start` ends, in valid JSON. */
export function endOfValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start]
  if (first === QUOTE) return endOfString(bytes, start)
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return endOfContainer(bytes, start)
  let position = start
  while (isScalarByte(bytes[position])) position += 1
  return position
}

/** Whether a number or literal goes on with that byte. */
export function isScalarByte(byte: number | undefined): boolean {
  return byte !== undefined && byte > 0x20 && byte !== COMMA && byte !== CLOSE_OBJECT && byte !== CLOSE_ARRAY
}

function endOfContainer(bytes: Uint8Array, start: number): number {
  let position = start
  let depth = 0
  do {
    const byte = bytes[position]
    if (byte === undefined) return position
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1
    position = byte === QUOTE ? endOfString(bytes, position) : position + 1
  } while (depth > 0)
  return position
}

/** Decodes a JSON string with its quotes. */
export function decodeString(bytes: Buffer, start: number, end: number): string {
  const text = bytes.toString('utf8', start + 1, end - 1)
  if (!text.includes('\\')) return text
  const value: unknown = JSON.parse(`"${text}"`)
  return typeof value === 'string' ? value : text
}

/** Finds the position of a key that its object has already, at any depth of a valid JSON value; undefined when there is none. */
export function findDuplicateKey(bytes: Buffer, start: number, end: number): number | undefined {
  const open: (Set<string> | undefined)[] = []
  let keyNext = false
  for (let position = start; position < end;) {
    const byte = bytes[position]
    if (byte === QUOTE) {
      const next = endOfString(bytes, position)
      if (keyNext && !addKey(open, decodeString(bytes, position, next))) return position
      keyNext = false
      position = next
    } else {
      track(open, byte)
      if (byte === OPEN_OBJECT || byte === COMMA) keyNext = open.at(-1) !== undefined
      position += 1
    }
  }
  return undefined
}

function addKey(open: readonly (Set<string> | undefined)[], key: string): boolean {
  const keys = open.at(-1)
  if (keys?.has(key) === true) return false
  keys?.add(key)
  return true
}

/** Keeps the keys of the objects that are open; an array has none. */
function track(open: (Set<string> | undefined)[], byte: number | undefined): void {
  if (byte === OPEN_OBJECT) open.push(new Set())
  else if (byte === OPEN_ARRAY) open.push(undefined)
  else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) open.pop()
}
