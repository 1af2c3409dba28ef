/** A value that msgpack can carry here: JSON plus byte strings. */
export type Packable = null | boolean | number | string | Uint8Array | readonly Packable[] | PackableMap

/** A msgpack map with string keys. */
export interface PackableMap {
  readonly [key: string]: Packable
}

/** Encodes as Python's `msgpack.packb` does: smallest headers, integers as integers, bytes as bin. */
export function encodeMsgpack(value: Packable): Buffer {
  const chunks: Buffer[] = []
  encode(value, chunks)
  return Buffer.concat(chunks)
}

function encode(value: Packable, chunks: Buffer[]): void {
  if (value === null) chunks.push(Buffer.of(0xc0))
  else if (typeof value === 'boolean') chunks.push(Buffer.of(value ? 0xc3 : 0xc2))
  else if (typeof value === 'number') chunks.push(encodeNumber(value))
  else if (typeof value === 'string') encodeBytes(Buffer.from(value), STRING_HEADERS, chunks)
  else if (value instanceof Uint8Array) encodeBytes(Buffer.from(value), BINARY_HEADERS, chunks)
  else if (isList(value)) {
    chunks.push(header(value.length, ARRAY_HEADERS))
    for (const item of value) encode(item, chunks)
  } else {
    const members = Object.entries(value)
    chunks.push(header(members.length, MAP_HEADERS))
    for (const [key, item] of members) {
      encode(key, chunks)
      encode(item, chunks)
    }
  }
}

interface Headers {
  /** The one-byte form: its base and the greatest length it holds. */
  readonly short: readonly [base: number, limit: number] | undefined
  readonly byte: number | undefined
  readonly word: number
  readonly long: number
}

const STRING_HEADERS: Headers = { short: [0xa0, 31], byte: 0xd9, word: 0xda, long: 0xdb }
const BINARY_HEADERS: Headers = { short: undefined, byte: 0xc4, word: 0xc5, long: 0xc6 }
const ARRAY_HEADERS: Headers = { short: [0x90, 15], byte: undefined, word: 0xdc, long: 0xdd }
const MAP_HEADERS: Headers = { short: [0x80, 15], byte: undefined, word: 0xde, long: 0xdf }

function header(length: number, headers: Headers): Buffer {
  if (headers.short !== undefined && length <= headers.short[1]) return Buffer.of(headers.short[0] | length)
  if (headers.byte !== undefined && length <= 0xff) return Buffer.of(headers.byte, length)
  if (length <= 0xffff) return Buffer.of(headers.word, length >> 8, length & 0xff)
  const bytes = Buffer.alloc(5)
  bytes[0] = headers.long
  bytes.writeUInt32BE(length, 1)
  return bytes
}

function encodeBytes(bytes: Buffer, headers: Headers, chunks: Buffer[]): void {
  chunks.push(header(bytes.length, headers), bytes)
}

function encodeNumber(value: number): Buffer {
  if (!Number.isSafeInteger(value)) {
    const bytes = Buffer.alloc(9)
    bytes[0] = 0xcb
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  return value >= 0 ? encodeUnsigned(value) : encodeNegative(value)
}

function encodeUnsigned(value: number): Buffer {
  if (value < 0x80) return Buffer.of(value)
  if (value <= 0xff) return Buffer.of(0xcc, value)
  if (value <= 0xffff) return Buffer.of(0xcd, value >> 8, value & 0xff)
  const bytes = Buffer.alloc(value <= 0xffff_ffff ? 5 : 9)
  bytes[0] = bytes.length === 5 ? 0xce : 0xcf
  if (bytes.length === 5) bytes.writeUInt32BE(value, 1)
  else bytes.writeBigUInt64BE(BigInt(value), 1)
  return bytes
}

function encodeNegative(value: number): Buffer {
  if (value >= -32) return Buffer.of(0x100 + value)
  const bytes = Buffer.alloc(9)
  if (value >= -0x80) {
    bytes[0] = 0xd0
    bytes.writeInt8(value, 1)
    return bytes.subarray(0, 2)
  }
  if (value >= -0x8000) {
    bytes[0] = 0xd1
    bytes.writeInt16BE(value, 1)
    return bytes.subarray(0, 3)
  }
  if (value >= -0x8000_0000) {
    bytes[0] = 0xd2
    bytes.writeInt32BE(value, 1)
    return bytes.subarray(0, 5)
  }
  bytes[0] = 0xd3
  bytes.writeBigInt64BE(BigInt(value), 1)
  return bytes
}

function isList(value: Packable): value is readonly Packable[] {
  return Array.isArray(value)
}

/** Decodes one msgpack value that must fill the whole buffer; throws `RangeError` when it does not. */
export function decodeMsgpack(bytes: Uint8Array): Packable {
  const reader = { view: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), at: 0 }
  const value = decode(reader)
  if (reader.at !== bytes.length) throw new RangeError(`msgpack: ${bytes.length - reader.at} bytes after the value`)
  return value
}

interface Reader {
  readonly view: Buffer
  at: number
}

type Decoder = (reader: Reader) => Packable

const DECODERS: ReadonlyMap<number, Decoder> = new Map<number, Decoder>([
  [0xc0, () => null],
  [0xc2, () => false],
  [0xc3, () => true],
  [0xc4, (reader) => takeBytes(reader, takeUnsigned(reader, 1))],
  [0xc5, (reader) => takeBytes(reader, takeUnsigned(reader, 2))],
  [0xc6, (reader) => takeBytes(reader, takeUnsigned(reader, 4))],
  [0xca, (reader) => take(reader, 4).readFloatBE(0)],
  [0xcb, (reader) => take(reader, 8).readDoubleBE(0)],
  [0xcc, (reader) => takeUnsigned(reader, 1)],
  [0xcd, (reader) => takeUnsigned(reader, 2)],
  [0xce, (reader) => takeUnsigned(reader, 4)],
  [0xcf, (reader) => Number(take(reader, 8).readBigUInt64BE(0))],
  [0xd0, (reader) => take(reader, 1).readInt8(0)],
  [0xd1, (reader) => take(reader, 2).readInt16BE(0)],
  [0xd2, (reader) => take(reader, 4).readInt32BE(0)],
  [0xd3, (reader) => Number(take(reader, 8).readBigInt64BE(0))],
  [0xd9, (reader) => takeString(reader, takeUnsigned(reader, 1))],
  [0xda, (reader) => takeString(reader, takeUnsigned(reader, 2))],
  [0xdb, (reader) => takeString(reader, takeUnsigned(reader, 4))],
  [0xdc, (reader) => takeList(reader, takeUnsigned(reader, 2))],
  [0xdd, (reader) => takeList(reader, takeUnsigned(reader, 4))],
  [0xde, (reader) => takeMap(reader, takeUnsigned(reader, 2))],
  [0xdf, (reader) => takeMap(reader, takeUnsigned(reader, 4))],
])

function decode(reader: Reader): Packable {
  const type = takeUnsigned(reader, 1)
  if (type < 0x80) return type
  if (type < 0x90) return takeMap(reader, type & 0x0f)
  if (type < 0xa0) return takeList(reader, type & 0x0f)
  if (type < 0xc0) return takeString(reader, type & 0x1f)
  if (type >= 0xe0) return type - 0x100
  const decoder = DECODERS.get(type)
  if (decoder === undefined) throw new RangeError(`msgpack: unknown type 0x${type.toString(16)}`)
  return decoder(reader)
}

function take(reader: Reader, length: number): Buffer {
  if (reader.at + length > reader.view.length) throw new RangeError('msgpack: the value is cut off')
  const bytes = reader.view.subarray(reader.at, reader.at + length)
  reader.at += length
  return bytes
}

function takeUnsigned(reader: Reader, length: number): number {
  return take(reader, length).readUIntBE(0, length)
}

function takeBytes(reader: Reader, length: number): Buffer {
  return Buffer.from(take(reader, length))
}

function takeString(reader: Reader, length: number): string {
  return take(reader, length).toString('utf8')
}

function takeList(reader: Reader, length: number): Packable[] {
  const list: Packable[] = []
  for (let index = 0; index < length; index++) list.push(decode(reader))
  return list
}

function takeMap(reader: Reader, length: number): PackableMap {
  const map: Record<string, Packable> = {}
  for (let index = 0; index < length; index++) {
    const key = decode(reader)
    if (typeof key !== 'string') throw new RangeError('msgpack: a map key is not a string')
    Object.defineProperty(map, key, { value: decode(reader), enumerable: true, configurable: true, writable: true })
  }
  return map
}
