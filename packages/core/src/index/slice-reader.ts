import { readInto } from './byte-source.ts'
import type { ByteSource } from './index-types.ts'

const WINDOW = 1 << 18
/** A gap that is read over rather than jumped. */
const GAP = 1 << 16

/** Reads pieces of a source, through a window while they come in order. */
export interface SliceReader {
  /** The bytes from `start` to `end`; valid until the next call. */
  readonly slice: (start: number, end: number) => Buffer
}

/** Reads in order, and the window follows them. */
const STREAK = 3

/** Creates a reader. */
export function createSliceReader(source: ByteSource): SliceReader {
  const main = createWindow(source)
  const side = createWindow(source)
  let streak = STREAK
  let last = 0

  return {
    slice(start, end) {
      if (main.has(start, end)) return main.take(start, end)
      streak = start >= last && start <= last + GAP ? streak + 1 : 0
      last = end
      const follow = streak >= STREAK || (start >= main.from() && start <= main.to() + GAP)
      if (follow) main.load(start, Math.min(source.length - start, Math.max(end - start, WINDOW)))
      else side.load(start, end - start)
      return (follow ? main : side).take(start, end)
    },
  }
}

interface Window {
  readonly from: () => number
  readonly to: () => number
  readonly has: (start: number, end: number) => boolean
  readonly take: (start: number, end: number) => Buffer
  readonly load: (start: number, length: number) => void
}

function createWindow(source: ByteSource): Window {
  let own: Buffer | undefined
  let bytes: Buffer = Buffer.alloc(0)
  let from = 0

  return {
    from: () => from,
    to: () => from + bytes.length,
    has: (start, end) => start >= from && end <= from + bytes.length,
    take: (start, end) => bytes.subarray(start - from, end - from),
    load(start, length) {
      from = start
      if (own === undefined || own.length < length) own = Buffer.allocUnsafeSlow(length)
      bytes = own.subarray(0, length)
      readInto(source, bytes, start)
    },
  }
}
