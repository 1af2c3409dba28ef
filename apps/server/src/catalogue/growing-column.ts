type Cells = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/** Numbers that come one after the other, in chunks, so that nothing is copied while they come. */
export interface GrowingColumn<Column extends Cells> {
  readonly push: (value: number) => void
  /** All of them in another order: cell `order[at]` becomes cell `at`. What it grew in is given back. */
  readonly take: (order: Uint32Array) => Column
  readonly at: (row: number) => number
}

const BITS = 15
const MASK = 2 ** BITS - 1

/** Creates a column of a kind. */
export function createGrowingColumn<Column extends Cells>(make: (cells: number) => Column): GrowingColumn<Column> {
  const chunks: Column[] = []
  let count = 0
  const at = (row: number): number => chunks[row >>> BITS]?.[row & MASK] ?? 0
  return {
    at,
    push(value) {
      if ((count & MASK) === 0) chunks.push(make(MASK + 1))
      const chunk = chunks.at(-1)
      if (chunk !== undefined) chunk[count & MASK] = value
      count += 1
    },
    take(order) {
      const all = make(order.length)
      for (let row = 0; row < order.length; row += 1) all[row] = at(order[row] ?? 0)
      chunks.length = 0
      return all
    },
  }
}
