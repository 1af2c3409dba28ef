import type { ByteSource } from '@mirror/core'

const WINDOW = 1 << 16

/** Reads pieces of a source as text. */
export interface SliceWindow {
  readonly text: (position: number, length: number) => string
}

/** Creates a window on a source: what stands behind a piece that was read is at hand for the next one. */
export function createSliceWindow(source: ByteSource): SliceWindow {
  const own = Buffer.allocUnsafe(WINDOW)
  let bytes: Buffer = own.subarray(0, 0)
  let from = 0

  function load(position: number, length: number): void {
    const wanted = Math.min(source.length - position, Math.max(length, WINDOW))
    // The source may overwrite what it gave; a window of its own each time would be more garbage than records.
    bytes = wanted <= WINDOW ? own.subarray(0, wanted) : Buffer.allocUnsafe(wanted)
    if (source.readInto === undefined) bytes.set(source.read(position, wanted))
    else source.readInto(bytes, position)
    from = position
  }

  return {
    text(position, length) {
      if (position < from || position + length > from + bytes.length) load(position, length)
      return bytes.toString('utf8', position - from, position - from + length)
    },
  }
}
