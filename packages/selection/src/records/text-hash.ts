import { decodeText } from './texts.ts'

const WORD = 2 ** 32
const HIGH_MASK = 2 ** 21 - 1

/** 53 bits over the text that a raw JSON value is; of a value that is no string, those of "". Equal texts have equal hashes. Not cryptographic. */
export function hashText(raw: string): number {
  const text = decodeText(raw) ?? ''
  let low = 0x811c9dc5
  let high = 0x9e3779b9
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    low = Math.imul(low ^ unit, 0x01000193)
    high = Math.imul(high ^ unit, 0x85ebca6b) ^ (high >>> 13)
  }
  low ^= low >>> 15
  return (high & HIGH_MASK) * WORD + (low >>> 0)
}
