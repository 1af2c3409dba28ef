import { type Artifact } from './artifact.ts'
import { type ArtifactColumns, artifactAt, createArtifactColumns, appendArtifact, DIGEST_BYTES, MARK_MD5, markAt, sizeAt } from './artifact-columns.ts'
import { allRows, type ArtifactSet, rowsOfSet } from './artifact-set.ts'

/** One artifact of a set after the other, as bytes: for walks over hundreds of thousands, which objects would make ten times as long. */
export interface ArtifactCursor {
  /** Moves to the next artifact, the first one at first; false behind the last. */
  readonly next: () => boolean
  /** The name is the bytes of `names` from `nameStart` to `nameEnd`. */
  readonly names: Buffer
  readonly nameStart: number
  readonly nameEnd: number
  /** The digest is the bytes of `digests` from `digestStart`: 32 of a sha256, 16 of an md5. */
  readonly digests: Uint8Array
  readonly digestStart: number
  readonly isMd5: boolean
  readonly size: number
  /** In which row of its index the artifact stands, where the set is that of a whole table; else the order in which it was added. */
  readonly row: number
  /** The artifact as an object. */
  readonly artifact: () => Artifact
}

type MovingCursor = { -readonly [field in keyof ArtifactCursor]: ArtifactCursor[field] }

const NOTHING = Buffer.alloc(0)

/** Stands before the first artifact of a set, in order of name; before the end without one. */
export function createArtifactCursor(set: ArtifactSet | undefined): ArtifactCursor {
  const { columns, order } = set === undefined ? { columns: undefined, order: new Uint32Array() } : columnsOf(set)
  let at = -1
  const cursor: MovingCursor = {
    names: NOTHING, nameStart: 0, nameEnd: 0, digests: NOTHING, digestStart: 0, isMd5: false, size: 0, row: -1,
    next() {
      at += 1
      if (columns === undefined || at >= order.length) return false
      moveTo(cursor, columns, order[at] ?? 0)
      return true
    },
    artifact() {
      if (columns === undefined || at < 0 || at >= order.length) throw new RangeError('There is no artifact here')
      return artifactAt(columns, cursor.row)
    },
  }
  return cursor
}

function moveTo(cursor: MovingCursor, columns: ArtifactColumns, row: number): void {
  cursor.row = row
  cursor.names = columns.names.bytesOf(row)
  cursor.nameStart = columns.names.startOf(row)
  cursor.nameEnd = columns.names.endOf(row)
  cursor.digests = columns.digests.chunk(row)
  cursor.digestStart = columns.digests.cell(row)
  cursor.isMd5 = (markAt(columns, row) & MARK_MD5) !== 0
  cursor.size = sizeAt(columns, row)
}

function columnsOf(set: ArtifactSet): { readonly columns: ArtifactColumns; readonly order: Uint32Array } {
  const rows = rowsOfSet(set)
  if (rows !== undefined) return { columns: rows.columns, order: rows.order() }
  const columns = createArtifactColumns(set.subdir)
  for (const artifact of set) appendArtifact(columns, artifact)
  return { columns, order: allRows(set.count) }
}

/** The order of the names where two cursors stand: negative, zero or positive. */
export function compareCursors(left: ArtifactCursor, right: ArtifactCursor): number {
  const { names: a, nameStart: i, nameEnd } = left
  const { names: b, nameStart: k } = right
  const longer = nameEnd - i - (right.nameEnd - k)
  const length = longer < 0 ? nameEnd - i : right.nameEnd - k
  for (let at = 0; at < length; at += 1) {
    const difference = (a[i + at] ?? 0) - (b[k + at] ?? 0)
    if (difference !== 0) return difference
  }
  return longer
}

/** Whether the artifacts where two cursors stand have the same digest, of the same kind. */
export function haveSameDigest(left: ArtifactCursor, right: ArtifactCursor): boolean {
  if (left.isMd5 !== right.isMd5) return false
  const { digests: a, digestStart: i } = left
  const { digests: b, digestStart: k } = right
  const length = left.isMd5 ? 16 : DIGEST_BYTES
  for (let byte = 0; byte < length; byte += 1) if (a[i + byte] !== b[k + byte]) return false
  return true
}
