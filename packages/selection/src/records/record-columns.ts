import { readFormat } from '../rules/format-rules.ts'
import type { Selection } from '../selection.ts'
import type { RecordCursor } from './record-cursor.ts'
import { growRows, resizeCells } from './row-cells.ts'
import { createSizeColumn, type SizeColumn } from './size-column.ts'
import { hashValues } from './text-hash.ts'

/** What the rules that compare records need of each, by row. Only rows that were noted mean anything; a column that no rule needs has no rows. */
export interface RecordColumns {
  /** By number of a name its last row, plus 1; 0 or nothing where it has none. */
  readonly lastRows: readonly (number | undefined)[]
  /** The row before it of the same name, plus 1; 0 for the first. */
  readonly rowsBefore: Uint32Array
  /** Numbers of versions, for `latest`. */
  readonly versions: Uint32Array
  /** 0 where there is none; for `latest` with build numbers. */
  readonly buildNumbers: Float64Array
  /** Version and build as one hash, and the format: for a preferred format. */
  readonly stems: Float64Array
  readonly formats: Uint8Array
  readonly sizes: SizeColumn
  /** Notes the record that the cursor is at. */
  readonly note: (row: number, cursor: RecordCursor) => void
  /** Makes room for so many rows, and no more. */
  readonly resize: (rows: number) => void
}

/** Creates the columns that a selection needs, empty; undefined when it compares no records. */
export function createRecordColumns({ formats, latest }: Selection): RecordColumns | undefined {
  const comparesFormats = formats?.prefer !== undefined
  if (!comparesFormats && latest === undefined) return undefined
  const needsNumbers = latest?.builds !== undefined
  const columns = {
    lastRows: new Array<number | undefined>(),
    rowsBefore: new Uint32Array(0),
    versions: new Uint32Array(0),
    buildNumbers: new Float64Array(0),
    stems: new Float64Array(0),
    formats: new Uint8Array(0),
    sizes: createSizeColumn(),
    note,
    resize,
  }

  function resize(rows: number): void {
    columns.rowsBefore = resizeCells(columns.rowsBefore, rows, (buffer) => new Uint32Array(buffer))
    if (latest !== undefined) columns.versions = resizeCells(columns.versions, rows, (buffer) => new Uint32Array(buffer))
    if (needsNumbers) columns.buildNumbers = resizeCells(columns.buildNumbers, rows, (buffer) => new Float64Array(buffer))
    if (comparesFormats) {
      columns.stems = resizeCells(columns.stems, rows, (buffer) => new Float64Array(buffer))
      columns.formats = resizeCells(columns.formats, rows, (buffer) => new Uint8Array(buffer))
    }
    columns.sizes.resize(rows)
  }

  function note(row: number, cursor: RecordCursor): void {
    if (row >= columns.rowsBefore.length) resize(growRows(row))
    const name = cursor.nameId()
    columns.rowsBefore[row] = columns.lastRows[name] ?? 0
    columns.lastRows[name] = row + 1
    columns.sizes.set(row, readSize(cursor) ?? 0)
    if (latest !== undefined) columns.versions[row] = cursor.versionId()
    if (needsNumbers) columns.buildNumbers[row] = cursor.number('build_number') ?? 0
    if (!comparesFormats) return
    const view = cursor.view()
    columns.formats[row] = readFormat(view)
    columns.stems[row] = hashValues(view.bytes, view.startOf('version'), view.startOf('build'))
  }

  return columns
}

/** The bytes of the artifact, if the record tells a number of them. */
export function readSize({ number }: RecordCursor): number | undefined {
  const size = number('size')
  return size === undefined || size < 0 || !Number.isInteger(size) ? undefined : size
}
