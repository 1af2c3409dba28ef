import { randomInt } from 'node:crypto'

/** Texts by number: equal texts have equal numbers, from 0 on in order of appearance. Kept as bytes, one behind the other. */
export interface Texts {
  /** The number of the text that a JSON value in `bytes` is; undefined where it is no string, and where it starts at -1. */
  readonly idOfValue: (bytes: Uint8Array, start: number) => number | undefined
  readonly idOf: (text: string) => number
  /** The number of the text between the quotes of the JSON string at `start`, as it is written: a collection has either these or decoded ones. */
  readonly idOfRaw: (bytes: Uint8Array, start: number) => number
  readonly textAt: (id: number) => string
  readonly count: () => number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const START_BITS = 8

/** Creates an empty collection. */
export function createTexts(): Texts {
  const arena = createArena()
  const { find } = createFinder(arena)
  const piece: Piece = { bytes: Buffer.alloc(0), start: 0, end: 0 }
  let last = -1
  /** The last one stands in JSON as it stands here. */
  let isLastPlain = true

  function idOfBytes(bytes: Uint8Array, start: number, end: number): number {
    piece.bytes = bytes
    piece.start = start
    piece.end = end
    if (last < 0 || !arena.isAt(last, piece)) last = find(piece)
    isLastPlain = true
    return last
  }

  function idOf(text: string): number {
    const bytes = Buffer.from(text)
    const id = idOfBytes(bytes, 0, bytes.length)
    isLastPlain = !text.includes('\\')
    return id
  }

  /** Neighbours often say the same: then neither the end nor the slot is looked for. */
  function isLast(bytes: Uint8Array, start: number): boolean {
    return last >= 0 && isLastPlain && arena.opensWith(last, bytes, start)
  }

  return {
    idOf,
    idOfRaw: (bytes, start) => (isLast(bytes, start + 1) ? last : idOfBytes(bytes, start + 1, endOfQuoted(bytes, start))),
    idOfValue(bytes, start) {
      if (bytes[start] !== QUOTE) return undefined
      if (isLast(bytes, start + 1)) return last
      const end = endOfPlain(bytes, start + 1)
      return bytes[end] === QUOTE ? idOfBytes(bytes, start + 1, end) : idOf(decodeAt(bytes, start))
    },
    textAt: arena.textAt,
    count: arena.count,
  }
}

/** Finds pieces in an arena, and appends those that are not there: open addressing, no text is made. */
function createFinder(arena: Arena): { readonly find: (piece: Piece) => number } {
  let slots = new Uint32Array(2 << START_BITS)

  /** Twice as many slots, so that no more than half of them are taken. */
  function grow(): void {
    slots = new Uint32Array(slots.length * 2)
    for (let id = 0; id < arena.count(); id += 1) {
      let slot = hashBytes(arena.pieceAt(id)) & (slots.length - 1)
      while (slots[slot] !== 0) slot = (slot + 1) & (slots.length - 1)
      slots[slot] = id + 1
    }
  }

  return {
    find(piece) {
      let slot = hashBytes(piece) & (slots.length - 1)
      for (let id = slots[slot] ?? 0; id !== 0; id = slots[slot] ?? 0) {
        if (arena.isAt(id - 1, piece)) return id - 1
        slot = (slot + 1) & (slots.length - 1)
      }
      slots[slot] = arena.count() + 1
      const id = arena.append(piece)
      if (arena.count() * 2 > slots.length) grow()
      return id
    },
  }
}

/** A piece of some bytes. */
interface Piece {
  bytes: Uint8Array
  start: number
  end: number
}

interface Arena {
  readonly append: (piece: Piece) => number
  readonly isAt: (id: number, piece: Piece) => boolean
  /** Whether that text and a quote stand there. */
  readonly opensWith: (id: number, bytes: Uint8Array, start: number) => boolean
  readonly pieceAt: (id: number) => Piece
  readonly textAt: (id: number) => string
  readonly count: () => number
}

/** Pieces one behind the other. */
function createArena(): Arena {
  let arena = Buffer.alloc(1 << START_BITS)
  let ends = new Uint32Array(1 << START_BITS)
  let count = 0
  const startAt = (id: number): number => (id === 0 ? 0 : (ends[id - 1] ?? 0))

  return {
    append({ bytes, start, end }) {
      const used = startAt(count)
      const total = used + end - start
      if (total > arena.length) arena = widen(arena, Buffer.alloc(Math.max(arena.length * 2, total)))
      if (count === ends.length) ends = widen(ends, new Uint32Array(count * 2))
      for (let at = start; at < end; at += 1) arena[used + at - start] = bytes[at] ?? 0
      ends[count] = total
      count += 1
      return count - 1
    },
    isAt(id, { bytes, start, end }) {
      const from = startAt(id)
      if ((ends[id] ?? 0) - from !== end - start) return false
      for (let at = start; at < end; at += 1) if (arena[from + at - start] !== bytes[at]) return false
      return true
    },
    opensWith(id, bytes, start) {
      const from = startAt(id)
      const length = (ends[id] ?? 0) - from
      if (bytes[start + length] !== QUOTE) return false
      for (let at = 0; at < length; at += 1) if (arena[from + at] !== bytes[start + at]) return false
      return true
    },
    pieceAt: (id) => ({ bytes: arena, start: startAt(id), end: ends[id] ?? 0 }),
    textAt: (id) => (id >= 0 && id < count ? arena.toString('utf8', startAt(id), ends[id]) : ''),
    count: () => count,
  }
}

/** Of this process alone: nobody can choose texts that all fall into one slot. */
const FACTOR = randomInt(2 ** 31) * 2 + 1

function hashBytes({ bytes, start, end }: Piece): number {
  let hash = end - start
  for (let at = start; at < end; at += 1) {
    hash = Math.imul(hash ^ (bytes[at] ?? 0), FACTOR)
    hash ^= hash >>> 15
  }
  return hash >>> 0
}

function widen<Cells extends Uint8Array | Uint32Array>(from: Cells, to: Cells): Cells {
  to.set(from)
  return to
}

/** Where the quote or the first backslash stands. */
export function endOfPlain(bytes: Uint8Array, start: number): number {
  let end = start
  while (bytes[end] !== QUOTE && bytes[end] !== BACKSLASH) end += 1
  return end
}

/** Where the closing quote of the JSON string that starts at `start` stands. */
export function endOfQuoted(bytes: Uint8Array, start: number): number {
  let end = start + 1
  while (bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1
  return end
}

/** The text of the JSON string that starts at `start`. */
export function decodeAt(bytes: Uint8Array, start: number): string {
  const value: unknown = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset + start, endOfQuoted(bytes, start) + 1 - start).toString())
  return typeof value === 'string' ? value : ''
}

/** The text that a raw JSON value is; undefined for one that is no string. */
export function decodeText(raw: string | undefined): string | undefined {
  if (raw?.charCodeAt(0) !== QUOTE) return undefined
  if (!raw.includes('\\')) return raw.slice(1, -1)
  const value: unknown = JSON.parse(raw)
  return typeof value === 'string' ? value : undefined
}
