import { decodeString, endOfString, endOfValue, skipBlanks } from '../json/json-keys.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b

/** Writes msgpack in the forms that Python's `msgpack.packb` chooses: the smallest that holds a value. */
export interface MsgpackWriter {
  readonly mapHeader: (count: number) => void
  readonly arrayHeader: (count: number) => void
  readonly text: (text: string) => void
  readonly bin: (bytes: Uint8Array) => void
  /** A whole number. */
  readonly integer: (value: number | bigint) => void
  /** A JSON value as it stands in bytes: valid, keys kept in order, whole literals as integers. Gives its end. */
  readonly json: (bytes: Buffer, start: number, convert?: ConvertMember) => number
  /** All that was written; the next one starts anew. The bytes are overwritten then. */
  readonly take: () => Buffer
}

/** Writes the value of some members of an object differently, and says so. */
export type ConvertMember = (key: string, value: { readonly start: number; readonly end: number }) => boolean

/** Creates an empty writer. */
export function createMsgpackWriter(): MsgpackWriter {
  const packed: Packed = { buffer: Buffer.allocUnsafeSlow(1 << 16), used: 0 }
  return {
    mapHeader: (count) => header(packed, MAP, count),
    arrayHeader: (count) => header(packed, ARRAY, count),
    text: (text) => writeText(packed, text),
    bin: (bytes) => writeBin(packed, bytes),
    integer: (value) => writeInteger(packed, BigInt(value)),
    json: (bytes, start, convert) => writeJson({ packed, bytes }, start, convert),
    take() {
      const written = packed.buffer.subarray(0, packed.used)
      packed.used = 0
      return written
    },
  }
}

interface Packed {
  buffer: Buffer
  used: number
}

/** Tags of a container: with up to 15 members, with 16 bits, with 32 bits. */
interface ContainerTags {
  readonly small: number
  readonly medium: number
  readonly large: number
}

const MAP: ContainerTags = { small: 0x80, medium: 0xde, large: 0xdf }
const ARRAY: ContainerTags = { small: 0x90, medium: 0xdc, large: 0xdd }

function reserve(packed: Packed, bytes: number): void {
  if (packed.used + bytes <= packed.buffer.length) return
  const next = Buffer.allocUnsafeSlow(Math.max(packed.buffer.length * 2, packed.used + bytes))
  packed.buffer.copy(next, 0, 0, packed.used)
  packed.buffer = next
}

function writeByte(packed: Packed, value: number): void {
  reserve(packed, 1)
  packed.buffer[packed.used] = value
  packed.used += 1
}

/** A tag, and a number of 1, 2 or 4 bytes behind it. */
function writeTagged(packed: Packed, tag: number, sized: readonly [value: number, width: 1 | 2 | 4]): void {
  writeByte(packed, tag)
  reserve(packed, 4)
  packed.used = packed.buffer.writeUIntBE(sized[0], packed.used, sized[1])
}

function header(packed: Packed, tags: ContainerTags, count: number): void {
  if (count < 16) writeByte(packed, tags.small | count)
  else if (count < 65536) writeTagged(packed, tags.medium, [count, 2])
  else writeTagged(packed, tags.large, [count, 4])
}

function writeText(packed: Packed, text: string): void {
  const size = Buffer.byteLength(text)
  if (size < 32) writeByte(packed, 0xa0 | size)
  else if (size < 256) writeTagged(packed, 0xd9, [size, 1])
  else if (size < 65536) writeTagged(packed, 0xda, [size, 2])
  else writeTagged(packed, 0xdb, [size, 4])
  reserve(packed, size)
  packed.used += packed.buffer.write(text, packed.used)
}

function writeBin(packed: Packed, bytes: Uint8Array): void {
  if (bytes.length < 256) writeTagged(packed, 0xc4, [bytes.length, 1])
  else if (bytes.length < 65536) writeTagged(packed, 0xc5, [bytes.length, 2])
  else writeTagged(packed, 0xc6, [bytes.length, 4])
  reserve(packed, bytes.length)
  packed.buffer.set(bytes, packed.used)
  packed.used += bytes.length
}

function writeInteger(packed: Packed, value: bigint): void {
  if (value >= 1n << 64n || value < -(1n << 63n)) writeFloat(packed, Number(value))
  else if (value >= 0n) writeUnsigned(packed, value)
  else writeNegative(packed, value)
}

function writeUnsigned(packed: Packed, value: bigint): void {
  const small = Number(value)
  if (small < 128) writeByte(packed, small)
  else if (small < 256) writeTagged(packed, 0xcc, [small, 1])
  else if (small < 65536) writeTagged(packed, 0xcd, [small, 2])
  else if (small < 4294967296) writeTagged(packed, 0xce, [small, 4])
  else {
    writeByte(packed, 0xcf)
    reserve(packed, 8)
    packed.used = packed.buffer.writeBigUInt64BE(value, packed.used)
  }
}

function writeNegative(packed: Packed, value: bigint): void {
  const small = Number(value)
  if (small >= -32) writeByte(packed, small & 0xff)
  else if (small >= -128) writeTagged(packed, 0xd0, [small & 0xff, 1])
  else if (small >= -32768) writeTagged(packed, 0xd1, [small & 0xffff, 2])
  else if (small >= -2147483648) writeTagged(packed, 0xd2, [small >>> 0, 4])
  else {
    writeByte(packed, 0xd3)
    reserve(packed, 8)
    packed.used = packed.buffer.writeBigInt64BE(value, packed.used)
  }
}

function writeFloat(packed: Packed, value: number): void {
  writeByte(packed, 0xcb)
  reserve(packed, 8)
  packed.used = packed.buffer.writeDoubleBE(value, packed.used)
}

const WORDS: ReadonlyMap<string, number> = new Map([['null', 0xc0], ['true', 0xc3], ['false', 0xc2]])

function writeScalar(packed: Packed, literal: string): void {
  const word = WORDS.get(literal)
  if (word !== undefined) writeByte(packed, word)
  else if (/^-?\d+$/.test(literal)) writeInteger(packed, BigInt(literal))
  else writeFloat(packed, Number(literal))
}

/** JSON that is being walked, and where it goes. */
interface Walk {
  readonly packed: Packed
  readonly bytes: Buffer
}

function writeJson(walk: Walk, start: number, convert?: ConvertMember): number {
  const { packed, bytes } = walk
  const first = skipBlanks(bytes, start)
  const opening = bytes[first]
  if (opening === OPEN_OBJECT) return writeContainer(walk, first, (position) => writeMember(walk, position, convert))
  if (opening === OPEN_ARRAY) return writeContainer(walk, first, (position) => writeJson(walk, position))
  const end = opening === QUOTE ? endOfString(bytes, first) : endOfValue(bytes, first)
  if (opening === QUOTE) writeText(packed, decodeString(bytes, first, end))
  else writeScalar(packed, bytes.toString('latin1', first, end))
  return end
}

function writeContainer({ packed, bytes }: Walk, open: number, writeItem: (position: number) => number): number {
  const at = packed.used
  writeByte(packed, 0)
  let count = 0
  let position = skipBlanks(bytes, open + 1)
  while (bytes[position] !== 0x7d && bytes[position] !== 0x5d) {
    position = skipBlanks(bytes, writeItem(position))
    count += 1
    if (bytes[position] === COMMA) position = skipBlanks(bytes, position + 1)
  }
  closeContainer(packed, at, { tags: bytes[open] === OPEN_OBJECT ? MAP : ARRAY, count })
  return position + 1
}

/** A header says how many follow, which is known behind them: one byte is left for it, and more made where it must. */
function closeContainer(packed: Packed, at: number, { tags, count }: { readonly tags: ContainerTags; readonly count: number }): void {
  const end = packed.used
  const extra = count < 16 ? 0 : count < 65536 ? 2 : 4
  reserve(packed, extra)
  if (extra > 0) packed.buffer.copyWithin(at + 1 + extra, at + 1, end)
  packed.used = at
  header(packed, tags, count)
  packed.used = end + extra
}

function writeMember(walk: Walk, start: number, convert: ConvertMember | undefined): number {
  const { packed, bytes } = walk
  const keyEnd = endOfString(bytes, start)
  const key = decodeString(bytes, start, keyEnd)
  writeText(packed, key)
  const valueStart = skipBlanks(bytes, skipBlanks(bytes, keyEnd) + 1)
  if (convert !== undefined) {
    const end = endOfValue(bytes, valueStart)
    if (convert(key, { start: valueStart, end })) return end
  }
  return writeJson(walk, valueStart)
}
