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
  let position = start
  let depth = 0
  for (;;) {
    const byte = bytes[position]
    if (byte === undefined) return position
    if (byte === QUOTE) {
      position = endOfString(bytes, position)
      if (depth === 0) return position
      continue
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      depth -= 1
      if (depth <= 0) return depth < 0 ? position : position + 1
    } else if (depth === 0 && (byte === COMMA || byte <= 0x20)) return position
    position += 1
  }
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
  let position = start
  while (position < end) {
    const byte = bytes[position]
    if (byte === QUOTE) {
      const next = endOfString(bytes, position)
      const keys = keyNext ? open.at(-1) : undefined
      if (keys !== undefined) {
        const key = decodeString(bytes, position, next)
        if (keys.has(key)) return position
        keys.add(key)
        keyNext = false
      }
      position = next
      continue
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) open.push(byte === OPEN_OBJECT ? new Set() : undefined)
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) open.pop()
    if (byte === OPEN_OBJECT || byte === COMMA) keyNext = open.at(-1) !== undefined
    position += 1
  }
  return undefined
}
