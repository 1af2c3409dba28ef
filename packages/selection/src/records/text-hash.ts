import { decodeAt, endOfPlain } from './texts.ts'

const WORD = 2 ** 32
const QUOTE = 0x22
const SEPARATOR = 0x100

/** 53 bits over the texts that two JSON values are, by where they start; a value that is no string, and none (-1), is "". Equal texts have equal hashes. Not cryptographic. */
export function hashValues(bytes: Uint8Array, first: number, second: number): number {
  const low = addLow(addLow(0x811c9dc5, bytes, first), bytes, second)
  const high = addHigh(addHigh(0x9e3779b9, bytes, first), bytes, second)
  return (high >>> 11) * WORD + (low >>> 0)
}

type AddValue = (hash: number, bytes: Uint8Array, start: number) => number

const addLow = createAdder(0x01000193)
const addHigh = createAdder(0x85ebca6b)

/** Whole numbers go in and come out: an object with both hashes would be garbage for every record. */
function createAdder(factor: number): AddValue {
  function addByte(hash: number, byte: number): number {
    const product = Math.imul(hash ^ byte, factor)
    return product ^ (product >>> 13)
  }

  return (hash, bytes, start) => {
    let sum = hash
    const end = bytes[start] === QUOTE ? endOfPlain(bytes, start + 1) : start
    if (end === start || bytes[end] === QUOTE) for (let at = start + 1; at < end; at += 1) sum = addByte(sum, bytes[at] ?? 0)
    else for (const byte of Buffer.from(decodeAt(bytes, start))) sum = addByte(sum, byte)
    return addByte(sum, SEPARATOR)
  }
}
