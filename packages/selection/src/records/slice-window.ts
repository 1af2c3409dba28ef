import type { ByteSource } from '@mirror/core'

const WINDOW = 1 << 16

/** Reads pieces of a source as text. */
export interface SliceWindow {
  readonly text: (position: number, length: number) => string
}

/** Creates a window on a source: what stands behind a piece that was read is at hand for the next one. */
export function createSliceWindow(source: ByteSource): SliceWindow {
  let bytes: Buffer = Buffer.alloc(0)
  let from = 0

  function load(position: number, length: number): void {
    const piece = source.read(position, Math.min(source.length - position, Math.max(length, WINDOW)))
    // The source may overwrite what it gave.
    bytes = Buffer.from(piece)
    from = position
  }

  return {
    text(position, length) {
      if (position < from || position + length > from + bytes.length) load(position, length)
      return bytes.toString('utf8', position - from, position - from + length)
    },
  }
}
