import { decodeAt, endOfPlain } from './texts.ts'

const WORD = 2 ** 32
const HIGH_MASK = 2 ** 21 - 1
const QUOTE = 0x22
const SEPARATOR = 0x100

/** 53 bits over the texts that some JSON values are, by where they start; a value that is no string, and none (-1), is "". Equal texts have equal hashes. Not cryptographic. */
export function hashValues(bytes: Uint8Array, first: number, second: number): number {
  const hash = { low: 0x811c9dc5, high: 0x9e3779b9 }
  addValue(hash, bytes, first)
  addByte(hash, SEPARATOR)
  addValue(hash, bytes, second)
  const low = hash.low ^ (hash.low >>> 15)
  return (hash.high & HIGH_MASK) * WORD + (low >>> 0)
}

interface Hash {
  low: number
  high: number
}

function addValue(hash: Hash, bytes: Uint8Array, start: number): void {
  if (bytes[start] !== QUOTE) return
  const end = endOfPlain(bytes, start + 1)
  if (bytes[end] === QUOTE) {
    for (let at = start + 1; at < end; at += 1) addByte(hash, bytes[at] ?? 0)
  } else for (const byte of Buffer.from(decodeAt(bytes, start))) addByte(hash, byte)
}

function addByte(hash: Hash, byte: number): void {
  hash.low = Math.imul(hash.low ^ byte, 0x01000193)
  hash.high = Math.imul(hash.high ^ byte, 0x85ebca6b) ^ (hash.high >>> 13)
}
