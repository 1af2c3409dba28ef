import type { ByteSource, IndexLayout, IndexSection } from './index-types.ts'
import { decodeString, endOfString } from '../json/json-keys.ts'
import { createSliceReader } from './slice-reader.ts'

/** Records of one document that go into a new one. */
export interface IndexPart {
  readonly source: ByteSource
  /** The layout or table that was read from exactly this source. */
  readonly table: IndexLayout
  /** Rows to take, non-zero; without it all of them. */
  readonly keep?: Uint8Array
}

/** The rows of one section in one part. */
export interface SectionRows {
  readonly part: IndexPart
  readonly from: number
  readonly to: number
  readonly inOrder: boolean
}

/** Where a part has rows of a section. */
export function findSectionRows(part: IndexPart, wanted: IndexSection): SectionRows | undefined {
  let from = 0
  for (const { section, records, sorted } of part.table.skeleton.sections) {
    if (section === wanted) return { part, from, to: from + records, inOrder: sorted && part.table.skeleton.compact }
    from += records
  }
  return undefined
}

/** Whether a row is taken. */
export function isKept({ keep }: IndexPart, row: number): boolean {
  return keep === undefined || keep[row] !== 0
}

/** Whether any row is taken. */
export function hasKeptRows({ part, from, to }: SectionRows): boolean {
  for (let row = from; row < to; row += 1) if (isKept(part, row)) return true
  return false
}

/** Where the record of a row ends in its document. */
export function endAt(table: IndexLayout, row: number): number {
  const { position, length } = table.sliceAt(row)
  return position + length
}

/** The keys of kept rows, read from the document, in its order. */
export function* readKeys({ part, from, to }: SectionRows): Generator<{ readonly row: number; readonly key: string }> {
  const { table, source } = part
  const reader = createSliceReader(source)
  for (let row = from; row < to; row += 1) {
    if (!isKept(part, row)) continue
    const entry = table.entryAt(row)
    const bytes = reader.slice(entry, table.sliceAt(row).position)
    yield { row, key: decodeString(bytes, 0, endOfString(bytes, 0)) }
  }
}
