import { readFormat } from '../rules/format-rules.ts'
import type { Selection } from '../selection.ts'
import type { RecordCursor } from './record-cursor.ts'
import { createRowCells, type RowCells } from './row-cells.ts'
import { createSizeColumn } from './size-column.ts'
import { hashValues } from './text-hash.ts'

/** What the rules that compare records need of each, by row. Only rows that were noted mean anything; a column that no rule needs stays empty. */
export interface RecordColumns {
  /** By number of a name its last row, plus 1; nothing where it has none. */
  readonly lastRows: readonly (number | undefined)[]
  /** The row before it of the same name, plus 1; 0 for the first. */
  readonly rowsBefore: RowCells
  /** Numbers of versions, for `latest`. */
  readonly versions: RowCells
  /** 0 where there is none; for `latest` with build numbers. */
  readonly buildNumbers: RowCells
  /** Version and build as one hash, and the format: for a preferred format. */
  readonly stems: RowCells
  readonly formats: RowCells
  readonly sizes: RowCells
  /** Notes the record that the cursor is at. */
  readonly note: (row: number, cursor: RecordCursor) => void
  /** Lets go of all of them, when nothing is to be compared any more. */
  readonly clear: () => void
}

/** Creates the columns that a selection needs; undefined when it compares no records. */
export function createRecordColumns({ formats, latest }: Selection): RecordColumns | undefined {
  const comparesFormats = formats?.prefer !== undefined
  if (!comparesFormats && latest === undefined) return undefined
  const needsNumbers = latest?.builds !== undefined
  const lastRows: (number | undefined)[] = []
  const columns = {
    rowsBefore: createRowCells((rows) => new Uint32Array(rows)),
    versions: createRowCells((rows) => new Uint32Array(rows)),
    buildNumbers: createRowCells((rows) => new Float64Array(rows)),
    stems: createRowCells((rows) => new Float64Array(rows)),
    formats: createRowCells((rows) => new Uint8Array(rows)),
    sizes: createSizeColumn(),
  }

  function note(row: number, cursor: RecordCursor): void {
    const name = cursor.nameId()
    columns.rowsBefore.set(row, lastRows[name] ?? 0)
    lastRows[name] = row + 1
    columns.sizes.set(row, readSize(cursor) ?? 0)
    if (latest !== undefined) columns.versions.set(row, cursor.versionId())
    if (needsNumbers) columns.buildNumbers.set(row, cursor.number('build_number') ?? 0)
    if (!comparesFormats) return
    const view = cursor.view()
    columns.formats.set(row, readFormat(view))
    columns.stems.set(row, hashValues(view.bytes, view.startOf('version'), view.startOf('build')))
  }

  function clear(): void {
    lastRows.length = 0
    for (const column of Object.values(columns)) column.clear()
  }

  return { lastRows, ...columns, note, clear }
}

/** The bytes of the artifact, if the record tells a number of them. */
export function readSize({ number }: RecordCursor): number | undefined {
  const size = number('size')
  return size === undefined || size < 0 || !Number.isInteger(size) ? undefined : size
}
