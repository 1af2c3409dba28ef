import type { ByteWriter } from '../index/byte-writer.ts'
import { decodeString, endOfString, endOfValue, skipBlanks } from './json-keys.ts'

const QUOTE = 0x22
const COMMA = 0x2c

/** A member of an object, or an element of an array, as ranges of the bytes. */
export interface JsonSlice {
  /** The key, or "" for an element. */
  readonly key: string
  /** Where it begins: the key of a member, the value of an element. */
  readonly start: number
  readonly valueStart: number
  readonly end: number
}

/** The members of the object, or the elements of the array, that `bytes` is; valid JSON. */
export function* sliceJson(bytes: Buffer): Generator<JsonSlice> {
  const open = skipBlanks(bytes, 0)
  const isObject = bytes[open] === 0x7b
  let position = skipBlanks(bytes, open + 1)
  while (bytes[position] !== 0x7d && bytes[position] !== 0x5d) {
    const start = position
    let valueStart = start
    let key = ''
    if (isObject) {
      const keyEnd = endOfString(bytes, start)
      key = decodeString(bytes, start, keyEnd)
      valueStart = skipBlanks(bytes, skipBlanks(bytes, keyEnd) + 1)
    }
    const end = endOfValue(bytes, valueStart)
    yield { key, start, valueStart, end }
    position = skipBlanks(bytes, end)
    if (bytes[position] === COMMA) position = skipBlanks(bytes, position + 1)
  }
}

/** Writes valid JSON without the blanks between its tokens. */
export function minifyJson(bytes: Uint8Array, writer: Pick<ByteWriter, 'put'>): void {
  let from = 0
  let position = 0
  while (position < bytes.length) {
    const byte = bytes[position] ?? 0
    if (byte === QUOTE) position = endOfString(bytes, position)
    else if (byte > 0x20) position += 1
    else {
      writer.put(bytes, from, position)
      position = skipBlanks(bytes, position)
      from = position
    }
  }
  writer.put(bytes, from, bytes.length)
}

/** The same as text, for small values. */
export function minifyToText(bytes: Uint8Array): string {
  const pieces: string[] = []
  minifyJson(bytes, { put: (piece, start, end) => { pieces.push(Buffer.from(piece.buffer, piece.byteOffset + start, end - start).toString()) } })
  return pieces.join('')
}
