import { decodeString, endOfString, endOfValue, skipBlanks } from './json-keys.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const MAXIMUM_SAFE = 9007199254740991n

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
  let buffer = Buffer.allocUnsafeSlow(1 << 16)
  let used = 0

  function need(bytes: number): void {
    if (used + bytes <= buffer.length) return
    const next = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, used + bytes))
    buffer.copy(next, 0, 0, used)
    buffer = next
  }

  function byte(value: number): void {
    need(1)
    buffer[used] = value
    used += 1
  }

  function sized(tag: number, size: number, width: 1 | 2 | 4): void {
    need(5)
    buffer[used] = tag
    buffer.writeUIntBE(size, used + 1, width)
    used += 1 + width
  }

  function mapHeader(count: number): void {
    if (count < 16) byte(0x80 | count)
    else if (count < 65536) sized(0xde, count, 2)
    else sized(0xdf, count, 4)
  }

  function arrayHeader(count: number): void {
    if (count < 16) byte(0x90 | count)
    else if (count < 65536) sized(0xdc, count, 2)
    else sized(0xdd, count, 4)
  }

  function text(value: string): void {
    const size = Buffer.byteLength(value)
    if (size < 32) byte(0xa0 | size)
    else if (size < 256) sized(0xd9, size, 1)
    else if (size < 65536) sized(0xda, size, 2)
    else sized(0xdb, size, 4)
    need(size)
    used += buffer.write(value, used)
  }

  function bin(bytes: Uint8Array): void {
    if (bytes.length < 256) sized(0xc4, bytes.length, 1)
    else if (bytes.length < 65536) sized(0xc5, bytes.length, 2)
    else sized(0xc6, bytes.length, 4)
    need(bytes.length)
    buffer.set(bytes, used)
    used += bytes.length
  }

  function integer(value: number | bigint): void {
    const whole = BigInt(value)
    if (whole >= 0n) unsigned(whole)
    else negative(whole)
  }

  function unsigned(whole: bigint): void {
    if (whole < 128n) byte(Number(whole))
    else if (whole < 256n) sized(0xcc, Number(whole), 1)
    else if (whole < 65536n) sized(0xcd, Number(whole), 2)
    else if (whole < 4294967296n) sized(0xce, Number(whole), 4)
    else if (whole < 1n << 64n) {
      byte(0xcf)
      need(8)
      used = buffer.writeBigUInt64BE(whole, used)
    } else float(Number(whole))
  }

  function negative(whole: bigint): void {
    need(9)
    if (whole >= -32n) byte(Number(whole) & 0xff)
    else if (whole >= -128n) used = buffer.writeInt8(Number(whole), buffer.writeUInt8(0xd0, used))
    else if (whole >= -32768n) used = buffer.writeInt16BE(Number(whole), buffer.writeUInt8(0xd1, used))
    else if (whole >= -2147483648n) used = buffer.writeInt32BE(Number(whole), buffer.writeUInt8(0xd2, used))
    else if (whole >= -(1n << 63n)) used = buffer.writeBigInt64BE(whole, buffer.writeUInt8(0xd3, used))
    else float(Number(whole))
  }

  function float(value: number): void {
    need(9)
    used = buffer.writeDoubleBE(value, buffer.writeUInt8(0xcb, used))
  }

  function number(literal: string): void {
    if (!/^-?\d+$/.test(literal)) float(Number(literal))
    else if (literal === '-0') byte(0)
    else {
      const value = Number(literal)
      integer(Math.abs(value) <= Number(MAXIMUM_SAFE) ? value : BigInt(literal))
    }
  }

  function scalar(literal: string): void {
    if (literal === 'null') byte(0xc0)
    else if (literal === 'true') byte(0xc3)
    else if (literal === 'false') byte(0xc2)
    else number(literal)
  }

  /** A container's header says how many follow, which is known behind them: one byte is left for it, and more made where it must. */
  function closeContainer(at: number, count: number, isMap: boolean): void {
    const body = used
    const extra = count < 16 ? 0 : count < 65536 ? 2 : 4
    need(extra)
    if (extra > 0) buffer.copyWithin(at + 1 + extra, at + 1, body)
    used = at
    if (isMap) mapHeader(count)
    else arrayHeader(count)
    used = body + extra
  }

  function json(bytes: Buffer, start: number, convert?: ConvertMember): number {
    const first = skipBlanks(bytes, start)
    const opening = bytes[first]
    if (opening === QUOTE) {
      const end = endOfString(bytes, first)
      text(decodeString(bytes, first, end))
      return end
    }
    if (opening === 0x7b) return container(bytes, first, true, convert)
    if (opening === 0x5b) return container(bytes, first, false)
    const end = endOfValue(bytes, first)
    scalar(bytes.toString('latin1', first, end))
    return end
  }

  // eslint-disable-next-line max-params -- the four words of one walk
  function container(bytes: Buffer, open: number, isMap: boolean, convert?: ConvertMember): number {
    const header = used
    byte(0)
    let count = 0
    let position = skipBlanks(bytes, open + 1)
    while (bytes[position] !== 0x7d && bytes[position] !== 0x5d) {
      position = isMap ? member(bytes, position, convert) : json(bytes, position)
      count += 1
      position = skipBlanks(bytes, position)
      if (bytes[position] === COMMA) position = skipBlanks(bytes, position + 1)
    }
    closeContainer(header, count, isMap)
    return position + 1
  }

  function member(bytes: Buffer, start: number, convert: ConvertMember | undefined): number {
    const keyEnd = endOfString(bytes, start)
    const key = decodeString(bytes, start, keyEnd)
    text(key)
    const valueStart = skipBlanks(bytes, skipBlanks(bytes, keyEnd) + 1)
    if (convert !== undefined) {
      const end = endOfValue(bytes, valueStart)
      if (convert(key, { start: valueStart, end })) return end
    }
    return json(bytes, valueStart)
  }

  return {
    mapHeader,
    arrayHeader,
    text,
    bin,
    integer,
    json,
    take() {
      const written = buffer.subarray(0, used)
      used = 0
      return written
    },
  }
}
