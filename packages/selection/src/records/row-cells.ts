/** One number a row. A chunk of rows takes memory when one of them is set, and none is ever copied. */
export interface RowCells {
  /** 0 where nothing was set. */
  readonly at: (row: number) => number
  readonly set: (row: number, value: number) => void
  /** Sets all to 0 and gives their memory back at once: the garbage collector takes its time. */
  readonly clear: () => void
}

type Chunk = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

const BITS = 14
const MASK = 2 ** BITS - 1

/** Creates cells whose chunks are made by `make`. */
export function createRowCells(make: (rows: number) => Chunk): RowCells {
  const chunks: (Chunk | undefined)[] = []
  return {
    at: (row) => chunks[row >>> BITS]?.[row & MASK] ?? 0,
    set(row, value) {
      const chunk = (chunks[row >>> BITS] ??= make(MASK + 1))
      chunk[row & MASK] = value
    },
    clear() {
      for (const chunk of chunks) chunk?.buffer.transfer(0)
      chunks.length = 0
    },
  }
}
