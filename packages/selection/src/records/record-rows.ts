import { scanIndex } from '@mirror/core'
import type { RecordRows, SelectableIndex } from '../selectable-index.ts'
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
      ids[count] = names.idOfRaw(view.field('name') ?? '') ?? names.idOf(nameOfFile(view.key()))
      count += 1
    },
  })
  if (count !== layout.rows) throw new RangeError(`The index of ${subdir} has ${count} records, its layout ${layout.rows}`)
  const { rowsOf, idsByName } = groupRows(ids, names.count(), names.textAt)
  const window = createSliceWindow(source)

  return {
    subdir,
    count,
    keyAt: (row) => readKey(layout, window, row),
    nameAt: (row) => names.textAt(ids[row] ?? -1),
    rowsNamed(name) {
      const id = idsByName.get(name)
      return id === undefined ? new Uint32Array(0) : rowsOf(id)
    },
    names: () => idsByName.keys(),
    recordAt: (row) => readRecord(layout, window, row),
  }
}

/** Rows by name, in their order. */
function groupRows(ids: Uint32Array, names: number, textAt: (id: number) => string): { readonly rowsOf: (id: number) => Uint32Array; readonly idsByName: ReadonlyMap<string, number> } {
  const ends = new Uint32Array(names + 1)
  for (const id of ids) ends[id + 1] = (ends[id + 1] ?? 0) + 1
  for (let id = 1; id <= names; id += 1) ends[id] = (ends[id] ?? 0) + (ends[id - 1] ?? 0)
  const order = new Uint32Array(ids.length)
  ids.forEach((id, row) => {
    const at = ends[id] ?? 0
    order[at] = row
    ends[id] = at + 1
  })
  const idsByName = new Map(Array.from({ length: names }, (_, id) => [textAt(id), id]))
  return { rowsOf: (id) => order.subarray(id === 0 ? 0 : ends[id - 1], ends[id]), idsByName }
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
