/** Sizes of artifacts in bytes, 4 bytes a row. */
export interface SizeColumn {
  readonly set: (row: number, size: number) => void
  readonly at: (row: number) => number
}

const HIGHEST = 2 ** 32 - 1

/** Creates a column of zeros; the few sizes that need more than 32 bits are kept beside it. */
export function createSizeColumn(rows: number): SizeColumn {
  const cells = new Uint32Array(rows)
  const big = new Map<number, number>()
  return {
    set(row, size) {
      cells[row] = Math.min(size, HIGHEST)
      if (size >= HIGHEST) big.set(row, size)
    },
    at(row) {
      const size = cells[row] ?? 0
      return size === HIGHEST ? (big.get(row) ?? size) : size
    },
  }
}
