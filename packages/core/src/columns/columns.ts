import { type Arena, createArena, createSlab } from './arena.ts'

/** Rows of a chunk: a power of two, so that finding a row is a shift. Chunks are never copied once they are full. */
const CHUNK_BITS = 14
const CHUNK_ROWS = 1 << CHUNK_BITS
const CHUNK_MASK = CHUNK_ROWS - 1
const START_ROWS = 64

type Cells = Uint8Array | Uint16Array | Uint32Array | Float64Array

/** A column of fixed-width cells that grows without copying what it has. */
export interface Column<T extends Cells> {
  /** The chunk that holds a row, and where in it the row's first cell is. */
  readonly chunk: (row: number) => T
  readonly cell: (row: number) => number
  /** Room for `rows` more, at most to the end of a chunk: what fits is given back. */
  readonly reserve: (rows: number) => { readonly cells: T; readonly at: number; readonly rows: number }
}

/** A kind of cells. */
export interface CellKind<T extends Cells> {
  readonly BYTES_PER_ELEMENT: number
  new (cells: number): T
  new (buffer: ArrayBuffer, start: number, cells: number): T
}

/** So many chunks are allocated one by one: most columns are short. */
const SHORT = 4

/** Options of `createColumn`. */
export interface ColumnOptions {
  /** Cells a row. Default 1. */
  readonly width?: number
  /** Where the chunks of a long column come from; shared by columns of one table. Default: one of its own. */
  readonly arena?: Arena
}

/** Creates an empty column. */
export function createColumn<T extends Cells>(kind: CellKind<T>, { width = 1, arena = createArena() }: ColumnOptions = {}): Column<T> {
  const chunks: T[] = []
  let count = 0

  function make(position: number, rows: number): T {
    const cells = rows * width
    if (position < SHORT) return new kind(cells)
    const { buffer, start } = arena.take(cells * kind.BYTES_PER_ELEMENT)
    return new kind(buffer, start, cells)
  }

  function last(wanted: number): T {
    const position = count >>> CHUNK_BITS
    const present = chunks[position]
    const used = count & CHUNK_MASK
    if (present !== undefined && present.length >= (used + wanted) * width) return present
    let rows = position > 0 ? CHUNK_ROWS : START_ROWS
    while (rows < used + wanted) rows *= 2
    const next = make(position, rows)
    if (present !== undefined) copyCells(present, next)
    chunks[position] = next
    return next
  }

  return {
    chunk(row) {
      const cells = chunks[row >>> CHUNK_BITS]
      if (cells === undefined) throw new RangeError(`No row ${row}`)
      return cells
    },
    cell: (row) => (row & CHUNK_MASK) * width,
    reserve(rows) {
      const fitting = Math.min(rows, CHUNK_ROWS - (count & CHUNK_MASK))
      const cells = last(fitting)
      const at = (count & CHUNK_MASK) * width
      count += fitting
      return { cells, at, rows: fitting }
    },
  }
}

function copyCells(from: Cells, to: Cells): void {
  Buffer.from(to.buffer, to.byteOffset, to.byteLength).set(new Uint8Array(from.buffer, from.byteOffset, from.byteLength))
}

/** Appends the rows `from` to `to` of `values` to a column. */
export function appendCells<T extends Cells>(column: Column<T>, values: T, width = 1): void {
  const total = values.length / width
  for (let done = 0; done < total;) {
    const { cells, at, rows } = column.reserve(total - done)
    copyCells(asBytes(values, done * width, rows * width), asBytes(cells, at, rows * width))
    done += rows
  }
}

function asBytes(cells: Cells, start: number, length: number): Uint8Array {
  const size = cells.BYTES_PER_ELEMENT
  return new Uint8Array(cells.buffer, cells.byteOffset + start * size, length * size)
}

/** A column of byte strings. */
export interface NameColumn {
  /** Appends the names that lie one behind the other in `bytes`; `ends` are their ends from the start of `bytes`. */
  readonly append: (bytes: Uint8Array, ends: Uint32Array) => void
  readonly appendText: (text: string) => void
  /** Compares two names by bytes, which is by code point. */
  readonly compare: (left: number, right: number) => number
  readonly bytesOf: (row: number) => Buffer
  readonly startOf: (row: number) => number
  readonly endOf: (row: number) => number
  readonly text: (row: number) => string
}

interface NameChunk {
  bytes: Buffer
  /** Where its names start in `bytes`. */
  start: number
  /** Where they end. */
  used: number
  ends: Uint32Array
  rows: number
  /** Of a long column: its bytes are a slab, in which the names of several chunks lie one behind the other. */
  readonly isLong: boolean
}

/** Creates a column of names: for each chunk of rows, bytes and the ends of the names in them. */
export function createNameColumn(): NameColumn {
  const chunks: NameChunk[] = []

  function chunkOf(row: number): NameChunk {
    const chunk = chunks[row >>> CHUNK_BITS]
    if (chunk === undefined) throw new RangeError(`No row ${row}`)
    return chunk
  }

  const startOf = (row: number): number => startIn(chunkOf(row), row)
  const endOf = (row: number): number => endIn(chunkOf(row), row)

  return {
    append(bytes, ends) {
      let from = 0
      for (let done = 0; done < ends.length;) {
        const chunk = openChunk(chunks)
        const part = ends.subarray(done, done + CHUNK_ROWS - chunk.rows)
        from = appendNames(chunk, bytes, { from, ends: part })
        done += part.length
      }
    },
    appendText(text) {
      const chunk = openChunk(chunks)
      widen(chunk, text.length * 3, 1)
      chunk.used += chunk.bytes.write(text, chunk.used)
      chunk.ends[chunk.rows] = chunk.used
      chunk.rows += 1
    },
    compare(left, right) {
      const [a, b] = [chunkOf(left), chunkOf(right)]
      const [i, k] = [startIn(a, left), startIn(b, right)]
      const difference = endIn(a, left) - i - (endIn(b, right) - k)
      return compareStart({ a: a.bytes, i, b: b.bytes, k }, difference < 0 ? endIn(a, left) - i : endIn(b, right) - k) || difference
    },
    bytesOf: (row) => chunkOf(row).bytes,
    startOf,
    endOf,
    text: (row) => chunkOf(row).bytes.toString('utf8', startOf(row), endOf(row)),
  }
}

function startIn({ start, ends }: NameChunk, row: number): number {
  return (row & CHUNK_MASK) === 0 ? start : (ends[(row & CHUNK_MASK) - 1] ?? 0)
}

function endIn({ ends }: NameChunk, row: number): number {
  return ends[row & CHUNK_MASK] ?? 0
}

/** Compares so many bytes from `i` and from `k`. */
function compareStart({ a, i, b, k }: { readonly a: Uint8Array; readonly i: number; readonly b: Uint8Array; readonly k: number }, length: number): number {
  for (let at = 0; at < length; at += 1) {
    const order = (a[i + at] ?? 0) - (b[k + at] ?? 0)
    if (order !== 0) return order
  }
  return 0
}

const USUAL_NAME = 48

/** The chunk that has room for a row. */
function openChunk(chunks: NameChunk[]): NameChunk {
  const present = chunks.at(-1)
  if (present !== undefined && present.rows < CHUNK_ROWS) return present
  const isLong = chunks.length >= SHORT
  if (present !== undefined && !isLong) giveBack(present)
  const rows = present === undefined ? START_ROWS : CHUNK_ROWS
  const room = isLong && present?.isLong === true ? { bytes: present.bytes, start: present.used } : { bytes: isLong ? Buffer.from(createSlab(0)) : Buffer.allocUnsafeSlow(rows * USUAL_NAME), start: 0 }
  const chunk = { ...room, used: room.start, ends: new Uint32Array(rows), rows: 0, isLong }
  chunks.push(chunk)
  return chunk
}

/** A full chunk of a short column gives back what it does not need. */
function giveBack(chunk: NameChunk): void {
  if (chunk.bytes.length <= chunk.used * 1.1) return
  const whole = Buffer.allocUnsafeSlow(chunk.used)
  chunk.bytes.copy(whole, 0, 0, chunk.used)
  chunk.bytes = whole
}

/** Appends names that fit into the chunk's rows; gives where the last one ends in `bytes`. */
function appendNames(chunk: NameChunk, bytes: Uint8Array, { from, ends }: { readonly from: number; readonly ends: Uint32Array }): number {
  const to = ends.at(-1) ?? from
  widen(chunk, to - from, ends.length)
  chunk.bytes.set(bytes.subarray(from, to), chunk.used)
  for (let row = 0; row < ends.length; row += 1) chunk.ends[chunk.rows + row] = chunk.used + (ends[row] ?? 0) - from
  chunk.rows += ends.length
  chunk.used += to - from
  return to
}

function widen(chunk: NameChunk, bytes: number, rows: number): void {
  if (chunk.used + bytes > chunk.bytes.length) move(chunk, bytes)
  if (chunk.rows + rows > chunk.ends.length) {
    const next = new Uint32Array(Math.min(CHUNK_ROWS, Math.max(chunk.ends.length * 2, chunk.rows + rows)))
    next.set(chunk.ends)
    chunk.ends = next
  }
}

/** To where there is room for so many bytes more. */
function move(chunk: NameChunk, bytes: number): void {
  const { start } = chunk
  const needed = chunk.used - start + bytes
  const next = chunk.isLong ? Buffer.from(createSlab(needed)) : Buffer.allocUnsafeSlow(Math.max(chunk.bytes.length * 2, needed))
  chunk.bytes.copy(next, 0, start, chunk.used)
  for (let row = 0; row < chunk.rows; row += 1) chunk.ends[row] = (chunk.ends[row] ?? 0) - start
  chunk.bytes = next
  chunk.start = 0
  chunk.used -= start
}

/** Compares two names of one column by bytes, which is by code point. */
export function compareNameRows(names: NameColumn, left: number, right: number): number {
  return names.compare(left, right)
}

/** Where the bytes of a name are. */
export function rangeOf(names: Pick<NameColumn, 'bytesOf' | 'startOf' | 'endOf'>, row: number): ByteRange {
  return { bytes: names.bytesOf(row), start: names.startOf(row), end: names.endOf(row) }
}

/** A piece of some bytes. */
export interface ByteRange {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Compares two pieces byte by byte; negative, zero or positive. For short ones: no call into native code. */
export function compareBytes(left: ByteRange, right: ByteRange): number {
  const a = left.bytes
  const b = right.bytes
  const length = Math.min(left.end - left.start, right.end - right.start)
  let i = left.start
  let k = right.start
  const stop = i + length
  while (i < stop) {
    const difference = (a[i] ?? 0) - (b[k] ?? 0)
    if (difference !== 0) return difference
    i += 1
    k += 1
  }
  return left.end - left.start - (right.end - right.start)
}
