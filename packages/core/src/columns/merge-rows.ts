/** Compares two rows: negative, zero or positive. */
export type CompareRows = (left: number, right: number) => number

/** Sorts rows by merging the stretches that are in order already, in place or into a new array. Stable. */
export function sortRows(rows: Uint32Array, compare: CompareRows): Uint32Array {
  let runs = sortedRuns(rows, compare)
  let from = rows
  let into = runs.length > 2 ? new Uint32Array(rows.length) : rows
  while (runs.length > 2) {
    runs = mergePairs({ from, into, runs, compare })
    const spare = from
    from = into
    into = spare
  }
  return from
}

/** Where sorted stretches begin, and the end. */
function sortedRuns(rows: Uint32Array, compare: CompareRows): number[] {
  const starts = [0]
  for (let position = 1; position < rows.length; position += 1) if (compare(rows[position - 1] ?? 0, rows[position] ?? 0) > 0) starts.push(position)
  starts.push(rows.length)
  return starts
}

interface Merge {
  readonly from: Uint32Array
  readonly into: Uint32Array
  readonly runs: readonly number[]
  readonly compare: CompareRows
}

function mergePairs({ from, into, runs, compare }: Merge): number[] {
  const starts: number[] = []
  for (let run = 0; run < runs.length - 1; run += 2) {
    const start = runs[run] ?? 0
    const middle = runs[run + 1] ?? from.length
    starts.push(start)
    mergePair({ from, into, compare, start, middle, end: runs[run + 2] ?? middle })
  }
  starts.push(from.length)
  return starts
}

interface Pair extends Omit<Merge, 'runs'> {
  readonly start: number
  readonly middle: number
  readonly end: number
}

function mergePair({ from, into, compare, start, middle, end }: Pair): void {
  let left = start
  let right = middle
  for (let position = start; position < end; position += 1) {
    const takeLeft = left < middle && (right >= end || compare(from[left] ?? 0, from[right] ?? 0) <= 0)
    into[position] = (takeLeft ? from[left] : from[right]) ?? 0
    if (takeLeft) left += 1
    else right += 1
  }
}
