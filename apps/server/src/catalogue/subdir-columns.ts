import type { PackedTexts } from './packed-texts.ts'

/**
 * What an index lists, in columns that are handed from the thread that read it to the one that answers: about 50 bytes a record, texts of names and versions once each. Records of one name stand
 * side by side, in their order in the document.
 */
export interface SubdirColumns {
  readonly subdir: string
  readonly records: number
  /** The sizes of all records together. */
  readonly bytes: number
  /** Names of packages, sorted byte by byte, each once. */
  readonly names: PackedTexts
  /** The names in lower case, where one of them is not so itself; otherwise the same. */
  readonly foldedNames: PackedTexts
  /** By name: where its records end; they start where those of the name before end. */
  readonly nameEnds: Uint32Array<ArrayBuffer>
  /** By name: the sizes of its records together. */
  readonly nameBytes: Float64Array<ArrayBuffer>
  /** By record: where it stands in the document. */
  readonly positions: Float64Array<ArrayBuffer>
  readonly lengths: Uint32Array<ArrayBuffer>
  /** Numbers of `versionTexts`. */
  readonly versions: Uint32Array<ArrayBuffer>
  readonly builds: PackedTexts
  readonly buildNumbers: Uint32Array<ArrayBuffer>
  readonly sizes: Float64Array<ArrayBuffer>
  /** Seconds since 1970; 0 for none. */
  readonly times: Uint32Array<ArrayBuffer>
  /** What its file name is: a number of `ENDINGS` behind name, version and build, or `ODD`. */
  readonly endings: Uint8Array<ArrayBuffer>
  readonly versionTexts: PackedTexts
  /** File names that are not made of name, version and build: sorted by record. */
  readonly odd: { readonly rows: Uint32Array<ArrayBuffer>; readonly keys: PackedTexts }
  /** The records with the latest times, latest first. */
  readonly latest: Uint32Array<ArrayBuffer>
  /** Names that records depend on, sorted byte by byte, and by each of them the numbers of the names that do, in order. */
  readonly needed: PackedTexts
  readonly neededEnds: Uint32Array<ArrayBuffer>
  readonly needing: Uint32Array<ArrayBuffer>
  /** Records whose file name no artifact may have: left out. */
  readonly unusable: number
}

/** What file names end in. */
export const ENDINGS = ['.conda', '.tar.bz2'] as const

/** The mark of a file name that is something else. */
export const ODD = 255

/** The blocks of memory of some columns, for handing them over. */
export function blocksOf(columns: SubdirColumns): readonly ArrayBuffer[] {
  const blocks = [...valuesOf(columns), ...valuesOf(columns.odd)].flatMap((value) => (ArrayBuffer.isView(value) ? [value.buffer] : isPacked(value) ? [value.bytes.buffer, value.ends.buffer] : []))
  return [...new Set(blocks.filter((block) => block instanceof ArrayBuffer))]
}

function valuesOf(part: object): readonly unknown[] {
  return Object.values(part)
}

function isPacked(value: unknown): value is PackedTexts {
  return typeof value === 'object' && value !== null && 'bytes' in value && 'ends' in value && ArrayBuffer.isView(value.bytes) && ArrayBuffer.isView(value.ends)
}
