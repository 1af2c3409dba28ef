import { decodeAt, endOfPlain } from './texts.ts'

const WORD = 2 ** 32
const HIGH_MASK = 2 ** 21 - 1
const QUOTE = 0x22

/** 53 bits over the text that the JSON value at `start` is; of a value that is no string, and of none (-1), those of "". Equal texts have equal hashes. Not cryptographic. */
export function hashValue(bytes: Uint8Array, start: number): number {
  if (bytes[start] !== QUOTE) return hashBytes(bytes, 0, 0)
  const end = endOfPlain(bytes, start + 1)
  if (bytes[end] === QUOTE) return hashBytes(bytes, start + 1, end)
  const decoded = Buffer.from(decodeAt(bytes, start))
  return hashBytes(decoded, 0, decoded.length)
}

function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0
    low = Math.imul(low ^ byte, 0x01000193)
    high = Math.imul(high ^ byte, 0x85ebca6b) ^ (high >>> 13)
  }
  low ^= low >>> 15
  return (high & HIGH_MASK) * WORD + (low >>> 0)
}
