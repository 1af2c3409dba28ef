import { type ArtifactName, parseArtifactName } from './artifact-name.ts'
import type { Artifact } from './artifact.ts'
import { createDigest, type Digest, digestHex, digestKind } from './digest.ts'
import { MirrorError } from './errors.ts'
import type { SubdirName } from './subdir.ts'

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
}

/** Collects artifacts in any order. */
export interface ArtifactSetBuilder {
  /** Adds one artifact. The same artifact twice is one; `build` refuses one name with two digests. */
  readonly add: (artifact: { readonly name: ArtifactName; readonly digest: Digest; readonly size: number }) => void
  /** The set of all that was added. Throws `INDEX_IMPLAUSIBLE` for a name that was added with two digests or sizes. */
  readonly build: () => ArtifactSet
}

const DIGEST_BYTES = 32
const START_ROWS = 64
const START_TEXT = 4096

/** Creates an empty builder for the artifacts of one subdir. */
export function createArtifactSetBuilder(subdir: SubdirName): ArtifactSetBuilder {
  let rows = 0
  let text = Buffer.allocUnsafe(START_TEXT)
  let textLength = 0
  let ends = new Uint32Array(START_ROWS)
  let digests = Buffer.allocUnsafe(START_ROWS * DIGEST_BYTES)
  let kinds = new Uint8Array(START_ROWS)
  let sizes = new Float64Array(START_ROWS)
  let sorted = true

  function growRows(): void {
    ends = grown(ends, new Uint32Array(rows * 2))
    kinds = grown(kinds, new Uint8Array(rows * 2))
    sizes = grown(sizes, new Float64Array(rows * 2))
    digests = grown(digests, Buffer.allocUnsafe(rows * 2 * DIGEST_BYTES))
  }

  return {
    add({ name, digest, size }) {
      if (rows === kinds.length) growRows()
      if (textLength + name.length > text.length) text = grown(text, Buffer.allocUnsafe(Math.max(text.length * 2, textLength + name.length)))
      const start = textLength
      textLength += text.write(name, textLength, 'latin1')
      if (sorted && rows > 0) sorted = text.compare(text, previousStart(ends, rows), start, start, textLength) > 0
      ends[rows] = textLength
      kinds[rows] = digestKind(digest) === 'md5' ? 1 : 0
      digests.write(digestHex(digest), rows * DIGEST_BYTES, 'hex')
      sizes[rows] = size
      rows += 1
    },
    build() {
      const columns = { subdir, text, ends, digests, kinds, sizes }
      return createSet(columns, sorted ? rows : sortedOrder(columns, rows))
    },
  }
}

interface Columns {
  readonly subdir: SubdirName
  readonly text: Buffer
  readonly ends: Uint32Array
  readonly digests: Buffer
  readonly kinds: Uint8Array
  readonly sizes: Float64Array
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, into: T): T {
  into.set(from)
  return into
}

function previousStart(ends: Uint32Array, row: number): number {
  return row < 2 ? 0 : (ends[row - 2] ?? 0)
}

function startOf(columns: Columns, row: number): number {
  return row === 0 ? 0 : (columns.ends[row - 1] ?? 0)
}

function compareRows(columns: Columns, left: number, right: number): number {
  const { text, ends } = columns
  return text.compare(text, startOf(columns, right), ends[right], startOf(columns, left), ends[left])
}

/** The rows in order of name, with equal ones once. */
function sortedOrder(columns: Columns, rows: number): Uint32Array {
  const order = new Uint32Array(rows)
  for (let row = 0; row < rows; row += 1) order[row] = row
  order.sort((left, right) => compareRows(columns, left, right))
  let kept = 0
  for (const row of order) {
    const previous = kept === 0 ? undefined : order[kept - 1]
    if (previous !== undefined && compareRows(columns, previous, row) === 0) assertSameArtifact(columns, previous, row)
    else {
      order[kept] = row
      kept += 1
    }
  }
  return order.subarray(0, kept)
}

function assertSameArtifact(columns: Columns, left: number, right: number): void {
  const one = artifactAt(columns, left)
  const other = artifactAt(columns, right)
  if (one.digest === other.digest && one.size === other.size) return
  throw new MirrorError('INDEX_IMPLAUSIBLE', `Cannot use the index of ${columns.subdir}: it lists ${one.name} twice, with different bytes`, {
    hint: 'Report it to the channel; nothing of this subdir was changed.',
    details: { name: one.name, digests: [one.digest, other.digest] },
  })
}

function artifactAt(columns: Columns, row: number): Artifact {
  const type = columns.kinds[row] === 1 ? 'md5' : 'sha256'
  const start = row * DIGEST_BYTES
  const hex = columns.digests.toString('hex', start, start + (type === 'md5' ? 16 : DIGEST_BYTES))
  return {
    subdir: columns.subdir,
    name: parseArtifactName(columns.text.toString('latin1', startOf(columns, row), columns.ends[row])),
    digest: createDigest(type, hex),
    size: columns.sizes[row] ?? 0,
  }
}

/** `order` is a permutation of rows, or their number when they lie in order already. */
function createSet(columns: Columns, order: Uint32Array | number): ArtifactSet {
  const count = typeof order === 'number' ? order : order.length
  const rowAt = (position: number): number => (typeof order === 'number' ? position : (order[position] ?? 0))
  let bytes = 0
  for (let position = 0; position < count; position += 1) bytes += columns.sizes[rowAt(position)] ?? 0

  function at(position: number): Artifact {
    if (!Number.isInteger(position) || position < 0 || position >= count) throw new RangeError(`No artifact at position ${position} of ${count}`)
    return artifactAt(columns, rowAt(position))
  }

  function find(name: string): Artifact | undefined {
    const wanted = Buffer.from(name, 'latin1')
    let low = 0
    let high = count
    while (low < high) {
      const middle = (low + high) >>> 1
      const row = rowAt(middle)
      const order_ = columns.text.compare(wanted, 0, wanted.length, startOf(columns, row), columns.ends[row])
      if (order_ === 0) return artifactAt(columns, row)
      if (order_ < 0) low = middle + 1
      else high = middle
    }
    return undefined
  }

  return {
    subdir: columns.subdir,
    count,
    bytes,
    at,
    find,
    *[Symbol.iterator]() {
      for (let position = 0; position < count; position += 1) yield at(position)
    },
  }
}

/** The set of the given artifacts of one subdir. Throws `INDEX_IMPLAUSIBLE` for a name with two digests. */
export function createArtifactSet(subdir: SubdirName, artifacts: Iterable<Artifact>): ArtifactSet {
  const builder = createArtifactSetBuilder(subdir)
  for (const artifact of artifacts) builder.add(artifact)
  return builder.build()
}
