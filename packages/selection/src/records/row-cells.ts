type Cells = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>

/** How many rows to make room for, where `rows` are there and one more comes: little, for room counts as memory and copying is quick. */
export function growRows(rows: number): number {
  return Math.max(1 << 12, Math.ceil(rows * 1.125))
}

/** The cells of a column with room for so many rows, in place of it: what it held before is let go at once, not by the garbage collector. */
export function resizeCells<Column extends Cells>(cells: Column, rows: number, make: (buffer: ArrayBuffer) => Column): Column {
  return cells.length === rows ? cells : make(cells.buffer.transfer(rows * cells.BYTES_PER_ELEMENT))
}
