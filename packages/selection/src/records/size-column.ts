import { createRowCells, type RowCells } from './row-cells.ts'

const HIGHEST = 2 ** 32 - 1

/** Creates a column for sizes of artifacts in bytes, 4 bytes a row; the few sizes that need more than 32 bits are kept beside it. */
export function createSizeColumn(): RowCells {
  const cells = createRowCells((rows) => new Uint32Array(rows))
  const big = new Map<number, number>()
  return {
    set(row, size) {
      cells.set(row, Math.min(size, HIGHEST))
      if (size >= HIGHEST) big.set(row, size)
    },
    at(row) {
      const size = cells.at(row)
      return size === HIGHEST ? (big.get(row) ?? size) : size
    },
    clear() {
      cells.clear()
      big.clear()
    },
  }
}
