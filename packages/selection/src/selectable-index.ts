import type { ByteSource, IndexLayout, SubdirName } from '@mirror/core'

/** The index of one subdir, as selecting reads it. */
export interface SelectableIndex {
  readonly subdir: SubdirName
  readonly source: ByteSource
  /** Where its records stand; an `IndexTable` is one too. */
  readonly layout: IndexLayout
}

/** The records of one subdir, by row of the layout: cheap fields from the bytes, the rest parsed when asked for. */
export interface RecordRows {
  readonly subdir: SubdirName
  readonly count: number
  /** The file name. */
  readonly keyAt: (row: number) => string
  /** The record's own `name`; that of the file name where it has none. */
  readonly nameAt: (row: number) => string
  readonly rowsNamed: (name: string) => ArrayLike<number>
  readonly names: () => Iterable<string>
  /** The record, parsed; not kept. */
  readonly recordAt: (row: number) => Readonly<Record<string, unknown>>
}
