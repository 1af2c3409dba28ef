/** Rows by a number that each of them has, 4 bytes a row and a number. */
export interface GroupedRows {
  /** Rows of one number stand side by side, in their order. */
  readonly order: Uint32Array
  /** Where the rows of a number end in it; they start where those of the number before end. */
  readonly ends: Uint32Array
}

/** Groups rows by their numbers, which are less than `count`; those that are not wanted are left out. */
export function groupRows(numbers: Uint32Array, count: number, isWanted: (row: number) => boolean): GroupedRows {
  const starts = findStarts(numbers, count, isWanted)
  const order = new Uint32Array(starts[count] ?? 0)
  numbers.forEach((number, row) => {
    if (!isWanted(row)) return
    order[starts[number] ?? 0] = row
    add(starts, number, 1)
  })
  return { order, ends: starts.subarray(0, count) }
}

function findStarts(numbers: Uint32Array, count: number, isWanted: (row: number) => boolean): Uint32Array {
  const starts = new Uint32Array(count + 1)
  numbers.forEach((number, row) => {
    if (isWanted(row)) add(starts, number + 1, 1)
  })
  for (let number = 1; number <= count; number += 1) add(starts, number, starts[number - 1] ?? 0)
  return starts
}

function add(cells: Uint32Array, at: number, value: number): void {
  cells[at] = (cells[at] ?? 0) + value
}
