import { isNameAt, parseArtifactName } from './artifact-name.ts'
import type { ArtifactBytes } from './artifact-set.ts'
import type { Artifact } from './artifact.ts'
import { createArena } from '../columns/arena.ts'
import { appendCells, type Column, createColumn, createNameColumn, type NameColumn } from '../columns/columns.ts'
import { createDigest, type Digest, digestHex, digestKind } from '../digest.ts'
import type { SubdirName } from '../channel/subdir.ts'

export const DIGEST_BYTES = 32
/** Bit of a mark: the digest is md5 and has 16 bytes. */
export const MARK_MD5 = 1

/** Artifacts of one subdir in columns, in the order of their arrival: about 85 bytes a row. */
export interface ArtifactColumns {
  readonly subdir: SubdirName
  readonly names: NameColumn
  readonly digests: Column<Uint8Array>
  readonly sizes: Column<Float64Array>
  readonly marks: Column<Uint8Array>
}

/** Columns to read from, at any place. */
export interface ArtifactRows {
  readonly subdir: SubdirName
  readonly names: Pick<NameColumn, 'bytesOf' | 'startOf' | 'endOf' | 'text'>
  readonly digests: Pick<Column<Uint8Array>, 'chunk' | 'cell'>
  readonly sizes: Pick<Column<Float64Array>, 'chunk' | 'cell'>
  readonly marks: Pick<Column<Uint8Array>, 'chunk' | 'cell'>
}

/** Creates empty columns. */
export function createArtifactColumns(subdir: SubdirName): ArtifactColumns {
  const arena = createArena()
  return {
    subdir,
    names: createNameColumn(),
    digests: createColumn(Uint8Array, { width: DIGEST_BYTES, arena }),
    sizes: createColumn(Float64Array, { arena }),
    marks: createColumn(Uint8Array, { arena }),
  }
}

/** Rows that the scanner has decoded already. */
export interface RawRows {
  readonly names: Uint8Array
  readonly nameEnds: Uint32Array
  readonly digests: Uint8Array
  readonly sizes: Float64Array
  readonly marks: Uint8Array
}

/** Appends many rows at once. */
export function appendRawRows(columns: ArtifactColumns, rows: RawRows): void {
  columns.names.append(rows.names, rows.nameEnds)
  appendCells(columns.digests, rows.digests, DIGEST_BYTES)
  appendCells(columns.sizes, rows.sizes)
  appendCells(columns.marks, rows.marks)
}

/** Appends one artifact. */
export function appendArtifact(columns: ArtifactColumns, artifact: { readonly name: string; readonly digest: Digest; readonly size: number }): void {
  columns.names.appendText(artifact.name)
  const digest = columns.digests.reserve(1)
  asBuffer(digest.cells).write(digestHex(artifact.digest), digest.at, 'hex')
  const size = columns.sizes.reserve(1)
  size.cells[size.at] = artifact.size
  const mark = columns.marks.reserve(1)
  mark.cells[mark.at] = digestKind(artifact.digest) === 'md5' ? MARK_MD5 : 0
}

/** Rows on their way into columns: hundreds of thousands one by one would make as many objects of what room there is. */
export interface ArtifactBatch {
  /** Takes an artifact that stands as text in some bytes; false where its name or digest is none. */
  readonly add: (artifact: ArtifactBytes) => boolean
  /** Appends what it has. */
  readonly flush: () => void
}

const BATCH_ROWS = 512
const MOST_NAME_BYTES = 256

/** Creates an empty batch. */
export function createArtifactBatch(columns: ArtifactColumns): ArtifactBatch {
  const names = Buffer.alloc(BATCH_ROWS * 128)
  const nameEnds = new Uint32Array(BATCH_ROWS)
  const digests = new Uint8Array(BATCH_ROWS * DIGEST_BYTES)
  const sizes = new Float64Array(BATCH_ROWS)
  const marks = new Uint8Array(BATCH_ROWS)
  // One for all: hundreds of thousands of them would be made otherwise.
  const into = { cells: digests, at: 0, length: DIGEST_BYTES }
  let rows = 0
  let used = 0

  function flush(): void {
    if (rows === 0) return
    appendRawRows(columns, { names: names.subarray(0, used), nameEnds: nameEnds.subarray(0, rows), digests: digests.subarray(0, rows * DIGEST_BYTES), sizes: sizes.subarray(0, rows), marks: marks.subarray(0, rows) })
    rows = 0
    used = 0
  }

  return {
    flush,
    add({ bytes, nameStart, nameEnd, hexStart, isMd5, size }) {
      if (rows === BATCH_ROWS || used + MOST_NAME_BYTES > names.length) flush()
      into.at = rows * DIGEST_BYTES
      into.length = isMd5 ? 16 : DIGEST_BYTES
      if (!isNameAt(bytes, nameStart, nameEnd) || !decodeHex(bytes, hexStart, into)) return false
      for (let at = nameStart; at < nameEnd; at += 1) names[used + at - nameStart] = bytes[at] ?? 0
      used += nameEnd - nameStart
      nameEnds[rows] = used
      sizes[rows] = size
      marks[rows] = isMd5 ? MARK_MD5 : 0
      rows += 1
      return true
    },
  }
}

/** Values of hex digits by their code, lower-case alone; 16 for anything else. */
const HEX = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code >= 48 && code <= 57) return code - 48
  return code >= 97 && code <= 102 ? code - 87 : 16
})

/** Decodes lower-case hex digits into `length` cells; false where others stand there. */
export function decodeHex(bytes: Uint8Array, start: number, { cells, at, length }: { readonly cells: Uint8Array; readonly at: number; readonly length: number }): boolean {
  let seen = 0
  for (let byte = 0; byte < length; byte += 1) {
    const high = HEX[bytes[start + byte * 2] ?? 0] ?? 16
    const low = HEX[bytes[start + byte * 2 + 1] ?? 0] ?? 16
    seen |= high | low
    cells[at + byte] = (high << 4) | low
  }
  return seen < 16
}

/** Appends a row of other columns. */
export function appendRow(columns: ArtifactColumns, from: ArtifactRows, row: number): void {
  const name = from.names.bytesOf(row).subarray(from.names.startOf(row), from.names.endOf(row))
  columns.names.append(name, Uint32Array.of(name.length))
  const digest = columns.digests.reserve(1)
  const start = from.digests.cell(row)
  digest.cells.set(from.digests.chunk(row).subarray(start, start + DIGEST_BYTES), digest.at)
  const size = columns.sizes.reserve(1)
  size.cells[size.at] = sizeAt(from, row)
  const mark = columns.marks.reserve(1)
  mark.cells[mark.at] = markAt(from, row) & MARK_MD5
}

/** Bytes of the artifact in a row. */
export function sizeAt(columns: ArtifactRows, row: number): number {
  return columns.sizes.chunk(row)[columns.sizes.cell(row)] ?? 0
}

/** Marks of a row: `MARK_MD5`, and what the reader of an index adds. */
export function markAt(columns: ArtifactRows, row: number): number {
  return columns.marks.chunk(row)[columns.marks.cell(row)] ?? 0
}

/** The artifact in a row, as an object. */
export function artifactAt(columns: ArtifactRows, row: number): Artifact {
  const type = (markAt(columns, row) & MARK_MD5) === 0 ? 'sha256' : 'md5'
  const start = columns.digests.cell(row)
  const hex = asBuffer(columns.digests.chunk(row)).toString('hex', start, start + (type === 'md5' ? 16 : DIGEST_BYTES))
  return { subdir: columns.subdir, name: parseArtifactName(columns.names.text(row)), digest: createDigest(type, hex), size: sizeAt(columns, row) }
}

/** A row of some columns. */
export interface ArtifactRow {
  readonly columns: ArtifactRows
  readonly row: number
}

/** Whether two rows have the same digest, of the same kind, and the same size. */
export function haveSameBytes(left: ArtifactRow, right: ArtifactRow): boolean {
  const mark = markAt(left.columns, left.row)
  if (((mark ^ markAt(right.columns, right.row)) & MARK_MD5) !== 0 || sizeAt(left.columns, left.row) !== sizeAt(right.columns, right.row)) return false
  const a = left.columns.digests.chunk(left.row)
  const b = right.columns.digests.chunk(right.row)
  const i = left.columns.digests.cell(left.row)
  const k = right.columns.digests.cell(right.row)
  const length = (mark & MARK_MD5) === 0 ? DIGEST_BYTES : 16
  for (let byte = 0; byte < length; byte += 1) if (a[i + byte] !== b[k + byte]) return false
  return true
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
