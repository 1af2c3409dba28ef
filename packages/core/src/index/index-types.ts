import type { Artifact } from '../artifact/artifact.ts'
import type { ArtifactSet } from '../artifact/artifact-set.ts'
import type { SubdirName } from '../channel/subdir.ts'

/** Bytes that can be read anywhere, without I/O of our own: a Buffer, or a file behind `read`. */
export interface ByteSource {
  /** Bytes in all. */
  readonly length: number
  /** Bytes from `position`; exactly `length` of them, or a RangeError. The result may be overwritten by the next call. */
  readonly read: (position: number, length: number) => Uint8Array
  /** The same into `target`, all of it filled: spares a copy where the source is a file. Optional. */
  readonly readInto?: (target: Uint8Array, position: number) => void
}

/** Where a record stands in an index: `packages`, `packages.conda`, or `v3.<extension>` (CEP 48). */
export type IndexSection = 'packages' | 'packages.conda' | `v3.${string}`

/** A record while the scanner passes it. Offsets are into `bytes`; all of it is valid only during the call. */
export interface RecordView {
  readonly section: IndexSection
  /** The artifact's file name: the key, with the extension added in a `v3` section. Decoded from JSON, not yet checked. */
  readonly key: () => string
  /** The window that holds the record. */
  readonly bytes: Uint8Array
  /** The record's value, from `{` to behind `}`. */
  readonly start: number
  readonly end: number
  /** Where the value stands in the document. */
  readonly position: number
  /** The raw JSON text of a top-level field of the record, or undefined: one of the fields that the scanner notes. */
  readonly field: (name: NotedField) => string | undefined
  /** Where the value of such a field starts in `bytes`; -1 when the record has no such field. */
  readonly startOf: (name: NotedField) => number
  /** The number that such a field is, without text being made of it; undefined for anything else, and for what no double can hold. */
  readonly number: (name: NotedField) => number | undefined
}

/** Fields of a record that the scanner finds in passing; all others are found by parsing the record. */
export type NotedField =
  | 'name' | 'version' | 'build' | 'build_number' | 'size' | 'md5' | 'sha256' | 'timestamp' | 'indexed_timestamp' | 'url' | 'subdir'
  | 'license' | 'license_family' | 'noarch' | 'depends'

/** Receives what a scanner finds, in document order. */
export interface IndexSink {
  readonly record?: (view: RecordView) => void
}

/** A top-level value outside the record sections, or `info`, as bytes of the document. */
export interface SkeletonEntry {
  readonly key: string
  /** The key as it is written, quotes included. */
  readonly rawKey: string
  /** Where the raw value stands in the document, and its raw bytes. */
  readonly position: number
  readonly raw: Uint8Array
}

/** One section of an index. */
export interface SectionEntry {
  readonly section: IndexSection
  readonly records: number
  /** Its keys come in order of code points, none of them written with escapes. */
  readonly sorted: boolean
}

/** What an index holds beside its records. */
export interface IndexSkeleton {
  /** Bytes of the whole document. */
  readonly length: number
  /** Top-level entries other than record sections, in document order: `info`, `removed`, `repodata_version`, `signatures`, anything unknown. */
  readonly entries: readonly SkeletonEntry[]
  /** Sections that the document has, in document order, with the number of their records; empty ones too. */
  readonly sections: readonly SectionEntry[]
  /** Whether the document has a `v3` member, even an empty one. */
  readonly hasV3: boolean
  /** Nothing stands between the tokens of the document. */
  readonly compact: boolean
  /** `compact`, and all keys of the top level, of `v3` and of the sections come in order of code points. */
  readonly canonical: boolean
  /** `info`, parsed; undefined when the document has none. */
  readonly info: Readonly<Record<string, unknown>> | undefined
}

/** Why a record cannot be mirrored as it stands. */
export type RecordFault = 'no-digest' | 'bad-digest' | 'bad-size' | 'elsewhere'

/** Where the records of an index stand, as rows in document order: what writing it needs. 8 bytes a row. */
export interface IndexLayout {
  readonly skeleton: IndexSkeleton
  /** Number of records. */
  readonly rows: number
  /** True when the document stands as conda-index would write it: nothing between tokens, keys sorted (`IndexSkeleton.canonical`). */
  readonly canonical: boolean
  readonly sectionAt: (row: number) => IndexSection
  /** Where the record stands in the document. */
  readonly sliceAt: (row: number) => { readonly position: number; readonly length: number }
  /** Where the record's key stands in the document: the position of its opening quote. */
  readonly entryAt: (row: number) => number
}

/** An index that was read whole and found sound: its records as rows in document order, in columns. About 101 bytes a row. */
export interface IndexTable extends IndexLayout {
  readonly subdir: SubdirName
  /** The artifact that a row lists; undefined when the row has a fault. */
  readonly artifactAt: (row: number) => Artifact | undefined
  /** The file name: in a `v3` section the key with the extension added. */
  readonly keyAt: (row: number) => string
  /** 64 bits over the bytes of the record: equal bytes have equal fingerprints. Not cryptographic, and not for keeping: the function may change. */
  readonly fingerprintAt: (row: number) => bigint
  /** The rows that cannot be mirrored, and why. */
  readonly faults: readonly { readonly row: number; readonly key: string; readonly fault: RecordFault }[]
  /** The artifacts of all sound rows, or of those that `keep` has non-zero. Throws `INDEX_IMPLAUSIBLE` for one name with two digests. */
  readonly artifacts: (keep?: Uint8Array) => ArtifactSet
  /** Those of `artifacts()` that have an md5, by it; undefined unless it was asked for (`createIndexTableBuilder`). Where that set is at hand, it need not be made again. */
  readonly byMd5: (set?: ArtifactSet) => ArtifactSet | undefined
  /** The newest `timestamp` of a record in milliseconds (values up to 253402300799 are seconds), those more than a day after 2100 left out; undefined when none has one. */
  readonly newest: number | undefined
  /** How many sound rows have no sha256, so that md5 alone vouches for them. */
  readonly weak: number
}

/** How two indexes of one subdir differ, as `compareTables({ base, target, keep })` finds it; `keep` restricts the rows of the target. */
export interface TableComparison {
  /** Artifacts whose name only the target lists. */
  readonly added: ArtifactSet
  /** Artifacts whose name only the base lists. */
  readonly removed: ArtifactSet
  /** Names that both list, with other bytes: as they were, and as they are. */
  readonly replaced: { readonly before: ArtifactSet; readonly after: ArtifactSet }
  /** Records that differ while their artifact is the same. */
  readonly relisted: number
  /** Their artifacts, the first 5,000 that were found. */
  readonly relistedSome: ArtifactSet
  readonly unchanged: number
}
