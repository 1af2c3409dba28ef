import { readFormat } from '../rules/format-rules.ts'
import type { Selection } from '../selection.ts'
import type { RecordCursor } from './record-cursor.ts'
import { createSizeColumn, type SizeColumn } from './size-column.ts'
import { hashValue } from './text-hash.ts'

/** What the rules that compare records need of each, by row. Only rows that were noted mean anything; a column that no rule needs has no rows. */
export interface RecordColumns {
  /** Numbers of names and versions. */
  readonly names: Uint32Array
  readonly versions: Uint32Array
  readonly builds: Float64Array
  /** 0 where there is none. */
  readonly buildNumbers: Float64Array
  readonly formats: Uint8Array
  readonly sizes: SizeColumn
  /** Notes the record that the cursor is at. */
  readonly note: (row: number, cursor: RecordCursor) => void
}

/** Creates the columns that a selection needs; undefined when it compares no records. */
export function createRecordColumns({ formats, latest }: Selection, rows: number): RecordColumns | undefined {
  const comparesFormats = formats?.prefer !== undefined
  if (!comparesFormats && latest === undefined) return undefined
  const needsNumbers = latest?.builds !== undefined
  const columns = {
    names: new Uint32Array(rows),
    versions: new Uint32Array(rows),
    builds: new Float64Array(comparesFormats ? rows : 0),
    buildNumbers: new Float64Array(needsNumbers ? rows : 0),
    formats: new Uint8Array(comparesFormats ? rows : 0),
    sizes: createSizeColumn(rows),
  }

  return {
    ...columns,
    note(row, cursor) {
      columns.names[row] = cursor.nameId()
      columns.versions[row] = cursor.versionId()
      columns.sizes.set(row, readSize(cursor) ?? 0)
      if (needsNumbers) columns.buildNumbers[row] = cursor.number('build_number') ?? 0
      if (!comparesFormats) return
      columns.formats[row] = readFormat(cursor.view())
      columns.builds[row] = hashValue(cursor.view().bytes, cursor.view().startOf('build'))
    },
  }
}

/** The bytes of the artifact, if the record tells a number of them. */
export function readSize({ number }: RecordCursor): number | undefined {
  const size = number('size')
  return size === undefined || size < 0 || !Number.isInteger(size) ? undefined : size
}
