import { scanIndex } from '@mirror/core'
import type { RecordRows, SelectableIndex } from '../selectable-index.ts'
import { groupRows } from './grouped-rows.ts'
import { nameOfFile, type ParsedRecord, parseRecord } from './record-cursor.ts'
import { createSliceWindow, type SliceWindow } from './slice-window.ts'
import { createTexts } from './texts.ts'

/**
 * Reads the records of an index as rows: one scan, which notes their names, 8 bytes a record. The rest is read from the source when it is asked for; records that stand
 * side by side, as those of one name do, are read together.
 */
export function readRecordRows({ subdir, source, layout }: SelectableIndex): RecordRows {
  const names = createTexts()
  const ids = new Uint32Array(layout.rows)
  let count = 0
  scanIndex(source, {
    record(view) {
      ids[count] = names.idOfValue(view.bytes, view.startOf('name')) ?? names.idOf(nameOfFile(view.key()))
      count += 1
    },
  })
  if (count !== layout.rows) throw new RangeError(`The index of ${subdir} has ${count} records, its layout ${layout.rows}`)
  const { order, ends } = groupRows(ids, names.count(), () => true)
  const idsByName = new Map(Array.from({ length: names.count() }, (_, id) => [names.textAt(id), id]))
  const window = createSliceWindow(source)

  return {
    subdir,
    count,
    keyAt: (row) => readKey(layout, window, row),
    nameAt: (row) => names.textAt(ids[row] ?? -1),
    rowsNamed(name) {
      const id = idsByName.get(name)
      return id === undefined ? order.subarray(0, 0) : order.subarray(id === 0 ? 0 : ends[id - 1], ends[id])
    },
    names: () => idsByName.keys(),
    recordAt: (row) => readRecord(layout, window, row),
  }
}

type Layout = SelectableIndex['layout']

function readKey(layout: Layout, window: SliceWindow, row: number): string {
  const section = layout.sectionAt(row)
  const start = layout.entryAt(row)
  const { position } = layout.sliceAt(row)
  const raw = window.text(start, position - start).replace(/[ \t\r\n]*:[ \t\r\n]*$/, '')
  const key: unknown = JSON.parse(raw)
  return `${String(key)}${section.startsWith('v3.') ? section.slice(2) : ''}`
}

function readRecord(layout: Layout, window: SliceWindow, row: number): ParsedRecord {
  const { position, length } = layout.sliceAt(row)
  return parseRecord(window.text(position, length))
}
