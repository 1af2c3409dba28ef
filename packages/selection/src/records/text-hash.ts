import { decodeText } from './texts.ts'

const WORD = 2 ** 32
const HIGH_MASK = 2 ** 21 - 1

/** 53 bits over the text that a raw JSON value is; of a value that is no string, those of "". Equal texts have equal hashes. Not cryptographic. */
export function hashText(raw: string): number {
  const quoted = raw.includes('\\') ? `"${decodeText(raw) ?? ''}"` : raw
  const end = quoted.startsWith('"') ? quoted.length - 1 : 0
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let at = 1; at < end; at += 1) {
    const unit = quoted.charCodeAt(at)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13)
  }
  low ^= low >>> 15
  return (high & HIGH_MASK) * WORD + (low >>> 0)
}
