import { growRows, resizeCells } from './row-cells.ts'

/** Sizes of artifacts in bytes, 4 bytes a row. */
export interface SizeColumn {
  readonly set: (row: number, size: number) => void
  readonly at: (row: number) => number
  /** Makes room for so many rows, and no more. */
  readonly resize: (rows: number) => void
}

const HIGHEST = 2 ** 32 - 1

/** Creates an empty column; the few sizes that need more than 32 bits are kept beside it. */
export function createSizeColumn(): SizeColumn {
  let cells = new Uint32Array(0)
  const big = new Map<number, number>()

  function resize(rows: number): void {
    cells = resizeCells(cells, rows, (buffer) => new Uint32Array(buffer))
  }

  return {
    resize,
    set(row, size) {
      if (row >= cells.length) resize(growRows(row))
      cells[row] = Math.min(size, HIGHEST)
      if (size >= HIGHEST) big.set(row, size)
    },
    at(row) {
      const size = cells[row] ?? 0
      return size === HIGHEST ? (big.get(row) ?? size) : size
    },
  }
}
