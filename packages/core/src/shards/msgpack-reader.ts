import { isUtf8 } from 'node:buffer'
import { jsonDumps, type RawJson } from '../json/json-dumps.ts'

/** What msgpack can say here. Maps keep their order; a float without a fraction stays one, as raw JSON. */
export type MsgpackValue = null | boolean | number | bigint | string | Uint8Array | RawJson | readonly MsgpackValue[] | MsgpackMap

/** A map with text keys. */
export type MsgpackMap = ReadonlyMap<string, MsgpackValue>

const MAXIMUM_DEPTH = 64
/** A value costs more in memory than its one byte: a small file must not become gigabytes. */
const MAXIMUM_VALUES = 4_000_000

/** True for a map. */
export function isMsgpackMap(value: MsgpackValue | undefined): value is MsgpackMap {
  return value instanceof Map
}

/**
 * Reads one msgpack value that is all of `bytes`. Strict, because it comes from a network: throws a plain Error with the position for
 * truncation, trailing bytes, keys that are not text or repeated, text that is not UTF-8, extension types, NaN and infinities, nesting
 * beyond 64, more than 4 million values.
 */
export function readMsgpack(bytes: Uint8Array): MsgpackValue {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const cursor = { buffer, at: 0, values: 0 }
  const value = readValue(cursor, 0)
  if (cursor.at !== buffer.length) throw new Error(`${buffer.length - cursor.at} bytes follow the value at byte ${cursor.at}`)
  return value
}

interface Cursor {
  readonly buffer: Buffer
  at: number
  values: number
}

/** Moves the cursor over some bytes; gives where they start. */
function pass(cursor: Cursor, bytes: number): number {
  const start = cursor.at
  if (start + bytes > cursor.buffer.length) throw new Error(`it ends inside of a value at byte ${start}`)
  cursor.at += bytes
  return start
}

function unsigned(cursor: Cursor, width: 1 | 2 | 4): number {
  return cursor.buffer.readUIntBE(pass(cursor, width), width)
}

type ReadTagged = (cursor: Cursor, depth: number) => MsgpackValue

const TAGGED: ReadonlyMap<number, ReadTagged> = new Map<number, ReadTagged>([
  [0xc0, () => null],
  [0xc2, () => false],
  [0xc3, () => true],
  [0xc4, (cursor) => readBytes(cursor, unsigned(cursor, 1))],
  [0xc5, (cursor) => readBytes(cursor, unsigned(cursor, 2))],
  [0xc6, (cursor) => readBytes(cursor, unsigned(cursor, 4))],
  [0xca, (cursor) => toFloat(cursor.buffer.readFloatBE(pass(cursor, 4)), cursor)],
  [0xcb, (cursor) => toFloat(cursor.buffer.readDoubleBE(pass(cursor, 8)), cursor)],
  [0xcc, (cursor) => unsigned(cursor, 1)],
  [0xcd, (cursor) => unsigned(cursor, 2)],
  [0xce, (cursor) => unsigned(cursor, 4)],
  [0xcf, (cursor) => toInteger(cursor.buffer.readBigUInt64BE(pass(cursor, 8)))],
  [0xd0, (cursor) => cursor.buffer.readInt8(pass(cursor, 1))],
  [0xd1, (cursor) => cursor.buffer.readInt16BE(pass(cursor, 2))],
  [0xd2, (cursor) => cursor.buffer.readInt32BE(pass(cursor, 4))],
  [0xd3, (cursor) => toInteger(cursor.buffer.readBigInt64BE(pass(cursor, 8)))],
  [0xd9, (cursor) => readText(cursor, unsigned(cursor, 1))],
  [0xda, (cursor) => readText(cursor, unsigned(cursor, 2))],
  [0xdb, (cursor) => readText(cursor, unsigned(cursor, 4))],
  [0xdc, (cursor, depth) => readArray(cursor, unsigned(cursor, 2), depth)],
  [0xdd, (cursor, depth) => readArray(cursor, unsigned(cursor, 4), depth)],
  [0xde, (cursor, depth) => readMap(cursor, unsigned(cursor, 2), depth)],
  [0xdf, (cursor, depth) => readMap(cursor, unsigned(cursor, 4), depth)],
])

function readValue(cursor: Cursor, depth: number): MsgpackValue {
  const at = pass(cursor, 1)
  cursor.values += 1
  if (cursor.values > MAXIMUM_VALUES) throw new Error(`it has more than ${MAXIMUM_VALUES} values`)
  const tag = cursor.buffer[at] ?? 0
  if (tag < 0x80) return tag
  if (tag < 0x90) return readMap(cursor, tag & 15, depth)
  if (tag < 0xa0) return readArray(cursor, tag & 15, depth)
  if (tag < 0xc0) return readText(cursor, tag & 31)
  if (tag >= 0xe0) return tag - 256
  const read = TAGGED.get(tag)
  if (read === undefined) throw new Error(`the type 0x${tag.toString(16)} at byte ${at} has no place in it`)
  return read(cursor, depth)
}

function toInteger(value: bigint): number | bigint {
  const small = Number(value)
  return Number.isSafeInteger(small) ? small : value
}

function toFloat(value: number, cursor: Cursor): MsgpackValue {
  if (!Number.isFinite(value)) throw new Error(`a number that JSON does not have stands before byte ${cursor.at}`)
  if (!Number.isInteger(value)) return value
  return { rawJson: Math.abs(value) < 1e16 ? `${jsonDumps(value).replace('-0.0', '-0')}.0` : value.toExponential() }
}

function readBytes(cursor: Cursor, length: number): Uint8Array {
  const start = pass(cursor, length)
  return cursor.buffer.subarray(start, start + length)
}

function readText(cursor: Cursor, length: number): string {
  const start = pass(cursor, length)
  const bytes = cursor.buffer.subarray(start, start + length)
  if (!isUtf8(bytes)) throw new Error(`the text at byte ${start} is not UTF-8`)
  return bytes.toString()
}

function deeper(cursor: Cursor, depth: number): number {
  if (depth >= MAXIMUM_DEPTH) throw new Error(`it is nested more than ${MAXIMUM_DEPTH} deep at byte ${cursor.at}`)
  return depth + 1
}

function readArray(cursor: Cursor, length: number, depth: number): readonly MsgpackValue[] {
  const inner = deeper(cursor, depth)
  const items: MsgpackValue[] = []
  for (let item = 0; item < length; item += 1) items.push(readValue(cursor, inner))
  return items
}

function readMap(cursor: Cursor, length: number, depth: number): MsgpackMap {
  const inner = deeper(cursor, depth)
  const members = new Map<string, MsgpackValue>()
  for (let member = 0; member < length; member += 1) {
    const { at } = cursor
    const key = readValue(cursor, inner)
    if (typeof key !== 'string') throw new Error(`a key at byte ${at} is not text`)
    if (members.has(key)) throw new Error(`the key ${JSON.stringify(key.slice(0, 100))} at byte ${at} is there already`)
    members.set(key, readValue(cursor, inner))
  }
  return members
}
