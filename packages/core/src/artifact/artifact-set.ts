import type { ArtifactName } from './artifact-name.ts'
import { appendArtifact, appendRow, artifactAt, type ArtifactBatch, type ArtifactColumns, createArtifactBatch, createArtifactColumns, haveSameBytes, sizeAt } from './artifact-columns.ts'
import type { Artifact } from './artifact.ts'
import { type ByteRange, compareBytes, compareNameRows, rangeOf } from '../columns/columns.ts'
import type { Digest } from '../digest.ts'
import { MirrorError } from '../errors.ts'
import { sortRows } from '../columns/merge-rows.ts'
import type { SubdirName } from '../channel/subdir.ts'

/**
 * The artifacts of one subdir, in columns: about 90 bytes an artifact, so that a million of them fit where a Map of objects
 * would not. Sorted by name; a name occurs once. `at` and iteration make a fresh object each time.
 */
export interface ArtifactSet extends Iterable<Artifact> {
  readonly subdir: SubdirName
  /** How many artifacts. */
  readonly count: number
  /** The sum of their sizes. */
  readonly bytes: number
  /** The artifact at a position from 0 to `count - 1`. Throws a RangeError outside of it. */
  readonly at: (position: number) => Artifact
  /** The artifact of that name, by binary search. */
  readonly find: (name: string) => Artifact | undefined
  /** Where the artifact of that name is, by binary search, without making an object of any; a `guess` that is right saves the search. */
  readonly positionOf: (name: string, guess?: number) => number | undefined
}

/** Collects artifacts in any order. */
export interface ArtifactSetBuilder {
  /** Adds one artifact. The same artifact twice is one; `build` refuses one name with two digests. */
  readonly add: (artifact: { readonly name: ArtifactName; readonly digest: Digest; readonly size: number }) => void
  /** Adds one whose name and digest stand as text among other bytes, without making strings of them. False for a name or a digest that is none. */
  readonly addBytes: (artifact: ArtifactBytes) => boolean
  /** The set of all that was added. Throws `INDEX_IMPLAUSIBLE` for a name that was added with two digests or sizes. */
  readonly build: () => ArtifactSet
}

/** An artifact as it stands in some bytes. */
export interface ArtifactBytes {
  readonly bytes: Buffer
  readonly nameStart: number
  readonly nameEnd: number
  /** Where the lower-case hex digits of the digest start: 64 of a sha256, 32 of an md5. */
  readonly hexStart: number
  readonly isMd5: boolean
  readonly size: number
}

/** Creates an empty builder for the artifacts of one subdir. */
export function createArtifactSetBuilder(subdir: SubdirName): ArtifactSetBuilder {
  const columns = createArtifactColumns(subdir)
  let batch: ArtifactBatch | undefined
  let rows = 0
  return {
    add(artifact) {
      batch?.flush()
      appendArtifact(columns, artifact)
      rows += 1
    },
    addBytes(artifact) {
      batch ??= createArtifactBatch(columns)
      const isAdded = batch.add(artifact)
      if (isAdded) rows += 1
      return isAdded
    },
    build() {
      batch?.flush()
      return createSetOfRows(columns, allRows(rows))
    },
  }
}

/** The set of the given artifacts of one subdir. Throws `INDEX_IMPLAUSIBLE` for a name with two digests. */
export function createArtifactSet(subdir: SubdirName, artifacts: Iterable<Artifact>): ArtifactSet {
  const builder = createArtifactSetBuilder(subdir)
  for (const artifact of artifacts) builder.add(artifact)
  return builder.build()
}

/** The rows 0 to `count - 1`. */
export function allRows(count: number): Uint32Array {
  const order = new Uint32Array(count)
  for (let row = 0; row < count; row += 1) order[row] = row
  return order
}

/** The set of some rows of columns, which it shares. `rows` is sorted in place; where it is in order already, that costs one pass. */
export function createSetOfRows(columns: ArtifactColumns, rows: Uint32Array): ArtifactSet {
  return createSetOfSorted(columns, sortedRows(columns, rows))
}

/** The set of some rows of columns, which it shares: in order of name, none twice. */
export function createSetOfSorted(columns: ArtifactColumns, order: Uint32Array): ArtifactSet {
  return createSet(columns, { count: order.length, bytes: sumSizes(columns, order), order: () => order })
}

/** The set of the first `count` rows of columns, which it shares; no two have the same name. They are put in order when somebody asks for one. */
export function createSetOfDistinct(columns: ArtifactColumns, count: number): ArtifactSet {
  let order: Uint32Array | undefined
  let bytes = 0
  for (let row = 0; row < count; row += 1) bytes += sizeAt(columns, row)
  return createSet(columns, {
    count,
    bytes,
    order() {
      order ??= sortedRows(columns, allRows(count))
      return order
    },
  })
}

/** A set of its own of some rows, for when few of many are wanted. */
export function copyRows(columns: ArtifactColumns, rows: Iterable<number>): ArtifactSet {
  const copy = createArtifactColumns(columns.subdir)
  let count = 0
  for (const row of rows) {
    appendRow(copy, columns, row)
    count += 1
  }
  return createSetOfRows(copy, allRows(count))
}

/** Puts rows in order of name, in place or in a new array, with equal ones once: an index of two sorted sections costs one merge. */
export function sortedRows(columns: ArtifactColumns, rows: Uint32Array): Uint32Array {
  const { names } = columns
  if (isAscending(names, rows)) return rows
  return withoutRepeats(columns, sortRows(rows, (left, right) => compareNameRows(names, left, right)))
}

/** Most sets are in order already, without repeats: that is seen in one pass. */
function isAscending(names: ArtifactColumns['names'], rows: Uint32Array): boolean {
  for (let position = 1; position < rows.length; position += 1) if (compareNameRows(names, rows[position - 1] ?? 0, rows[position] ?? 0) >= 0) return false
  return true
}

function withoutRepeats(columns: ArtifactColumns, rows: Uint32Array): Uint32Array {
  let kept = 0
  for (let position = 0; position < rows.length; position += 1) {
    const row = rows[position] ?? 0
    const previous = rows[kept - 1]
    if (kept > 0 && previous !== undefined && compareNameRows(columns.names, previous, row) === 0) {
      assertSameArtifact(columns, previous, row)
      continue
    }
    rows[kept] = row
    kept += 1
  }
  return kept === rows.length ? rows : rows.slice(0, kept)
}

function assertSameArtifact(columns: ArtifactColumns, left: number, right: number): void {
  if (haveSameBytes({ columns, row: left }, { columns, row: right })) return
  const one = artifactAt(columns, left)
  throw new MirrorError('INDEX_IMPLAUSIBLE', `Cannot use the index of ${columns.subdir}: it lists ${one.name} twice, with different bytes`, {
    hint: 'Report it to the channel; nothing of this subdir was changed.',
    details: { name: one.name, digests: [one.digest, artifactAt(columns, right).digest] },
  })
}

function sumSizes(columns: ArtifactColumns, rows: Uint32Array): number {
  let bytes = 0
  for (const row of rows) bytes += sizeAt(columns, row)
  return bytes
}

let scratch = Buffer.allocUnsafeSlow(1024)

/** The bytes of a text, until the next one: a buffer for each of a million names would be much to collect. */
function encode(text: string): ByteRange {
  if (text.length * 3 > scratch.length) scratch = Buffer.allocUnsafeSlow(text.length * 3)
  return { bytes: scratch, start: 0, end: scratch.write(text) }
}

interface SetRows {
  readonly count: number
  readonly bytes: number
  /** The rows by name. */
  readonly order: () => Uint32Array
}

function createSet(columns: ArtifactColumns, { count, bytes, order }: SetRows): ArtifactSet {
  function at(position: number): Artifact {
    const row = order()[position]
    if (row === undefined) throw new RangeError(`No artifact at position ${position} of ${count}`)
    return artifactAt(columns, row)
  }

  /** Negative, zero or positive, as the name lies before, at or behind the position. */
  function compareAt(wanted: ByteRange, position: number): number {
    return compareBytes(wanted, rangeOf(columns.names, order()[position] ?? 0))
  }

  function positionOf(name: string, guess = count): number | undefined {
    const wanted = encode(name)
    if (guess < count && compareAt(wanted, guess) === 0) return guess
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      const difference = compareAt(wanted, middle)
      if (difference === 0) return middle
      if (difference < 0) high = middle
      else low = middle + 1
    }
    return undefined
  }

  function find(name: string): Artifact | undefined {
    const position = positionOf(name)
    return position === undefined ? undefined : at(position)
  }

  const set: ArtifactSet = {
    subdir: columns.subdir,
    count,
    bytes,
    at,
    find,
    positionOf,
    *[Symbol.iterator]() {
      for (let position = 0; position < count; position += 1) yield at(position)
    },
  }
  rowsOf.set(set, { columns, order })
  return set
}

/** The rows behind a set, in order of name. */
export interface RowsOfSet {
  readonly columns: ArtifactColumns
  readonly order: () => Uint32Array
}

const rowsOf = new WeakMap<ArtifactSet, RowsOfSet>()

/** The rows of a set that this package made; undefined for another one. */
export function rowsOfSet(set: ArtifactSet): RowsOfSet | undefined {
  return rowsOf.get(set)
}
