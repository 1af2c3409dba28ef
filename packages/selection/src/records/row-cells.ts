/** One number a row. A chunk of rows takes memory when one of them is set, and none is ever copied. */
export interface RowCells {
  /** 0 where nothing was set. */
  readonly at: (row: number) => number
  readonly set: (row: number, value: number) => void
}

type Chunk = Uint8Array | Uint32Array | Float64Array

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
  }
}
