import type { ArtifactCursor } from '@mirror/core'

/** Puts short ASCII text into bytes; answers where it ends. A call into native code would take longer. */
export function putText(into: Buffer, at: number, text: string): number {
  for (let place = 0; place < text.length; place += 1) into[at + place] = text.charCodeAt(place)
  return at + text.length
}

/** Puts the name of an artifact, which is plain ASCII; answers where it ends. */
export function putName(into: Buffer, at: number, { names, nameStart, nameEnd }: ArtifactCursor): number {
  for (let place = nameStart; place < nameEnd; place += 1) into[at + place - nameStart] = names[place] ?? 0
  return at + nameEnd - nameStart
}

const DIGITS = Buffer.from('0123456789abcdef')

/** Puts the digest of an artifact in hex digits; answers where it ends. */
export function putHex(into: Buffer, at: number, { digests, digestStart, isMd5 }: ArtifactCursor): number {
  const length = isMd5 ? 16 : 32
  for (let place = 0; place < length; place += 1) {
    const byte = digests[digestStart + place] ?? 0
    into[at + place * 2] = DIGITS[byte >> 4] ?? 0
    into[at + place * 2 + 1] = DIGITS[byte & 15] ?? 0
  }
  return at + length * 2
}

/** Puts a whole number from 0; answers where it ends. */
export function putNumber(into: Buffer, at: number, value: number): number {
  let digits = 1
  for (let rest = Math.floor(value / 10); rest > 0; rest = Math.floor(rest / 10)) digits += 1
  let rest = value
  for (let place = at + digits - 1; place >= at; place -= 1) {
    const next = Math.floor(rest / 10)
    into[place] = 48 + rest - next * 10
    rest = next
  }
  return at + digits
}
