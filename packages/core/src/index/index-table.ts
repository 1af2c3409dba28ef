import { appendRawRows, artifactAt, type ArtifactColumns, createArtifactColumns, MARK_MD5, markAt } from '../artifact/artifact-columns.ts'
import { isArtifactName } from '../artifact/artifact-name.ts'
import type { Artifact } from '../artifact/artifact.ts'
import { type ArtifactSet, copyRows, createSetOfRows, createSetOfSorted, rowsOfSet } from '../artifact/artifact-set.ts'
import { toByteSource } from './byte-source.ts'
import { appendCells, type Column, createColumn } from '../columns/columns.ts'
import { MirrorError } from '../errors.ts'
import { createImplausibleError } from './index-errors.ts'
import { createLayoutRecorder } from './index-layout.ts'
import { createMd5Column, type Md5Column } from './md5-column.ts'
import { createViewSink, driveScan } from '../scanner/index-scanner.ts'
import type { ByteSource, IndexLayout, IndexSink, IndexSkeleton, IndexTable, RecordFault } from './index-types.ts'
import { decodeString, endOfValue, skipBlanks } from '../json/json-keys.ts'
import { createScanDriver, type RowBatch, type RowSink } from '../scanner/scan-driver.ts'
import { ROW_KEY, ROW_KEY_LENGTH, ROW_WORDS } from '../scanner/scanner-engine.ts'
import type { SubdirName } from '../channel/subdir.ts'

/** Bits of a mark, as assembly/index-scanner.ts has them, and `elsewhere`. */
export const FAULT_MASK = 14
const ELSEWHERE = 8
const NAME_DOUBTFUL = 16
const HAS_URL = 32
const URL_COLUMN = 14

const FAULTS: ReadonlyMap<number, RecordFault> = new Map([[2, 'no-digest'], [4, 'bad-digest'], [6, 'bad-size'], [ELSEWHERE, 'elsewhere']])

/** The highest `repodata_version` that a client reads: rattler's indexes with `v3` say 3, conda stops at 2 (MAX_REPODATA_VERSION). */
const MAXIMUM_VERSION = 3

/** Reads an index that is fed to it. */
export interface IndexTableBuilder {
  /** Takes the next bytes of the document. Throws `INDEX_MALFORMED`, `INDEX_IMPLAUSIBLE` or `NAME_UNSAFE`. */
  readonly write: (chunk: Uint8Array) => void
  /** Says that the document is over. Throws the same. */
  readonly end: () => IndexTable
}

/**
 * Creates a reader for one index of a subdir, written to it in chunks of any size. The document is read whole or refused:
 * `INDEX_MALFORMED` (no JSON), `NAME_UNSAFE` (a record's file name that must not become a file), `INDEX_IMPLAUSIBLE` (no index;
 * one of another subdir; of a version that clients refuse). Only a document of no bytes may be without sections (CEP 36).
 * Records with faults are rows too, without an artifact. `sink` sees every record in passing. With `md5` the table has the
 * md5 of records that have a sha256 too (`IndexTable.byMd5`), which takes 33 bytes a record more.
 */
export function createIndexTableBuilder(subdir: SubdirName, sink: IndexSink = {}, { md5 = false }: { readonly md5?: boolean } = {}): IndexTableBuilder {
  const { take, finish } = createTableReader(subdir, sink, md5)
  const driver = createScanDriver(take)
  return { write: driver.write, end: () => finish(driver.end()) }
}

/** Reads the index of a subdir from a source; the same as writing all of it to `createIndexTableBuilder`. */
export function readIndexTable(source: ByteSource | Uint8Array, subdir: SubdirName, sink: IndexSink = {}): IndexTable {
  const { take, finish } = createTableReader(subdir, sink)
  return finish(driveScan(toByteSource(source), take))
}

/** The columns behind a table, for `compareTables`. */
export interface TableColumns {
  readonly artifacts: ArtifactColumns
  /** Two words a row, the low one first. */
  readonly fingerprints: Column<Uint32Array>
}

const columnsOf = new WeakMap<IndexTable, TableColumns>()

/** The columns of a table that this package made. */
export function tableColumns(table: IndexTable): TableColumns {
  const columns = columnsOf.get(table)
  if (columns === undefined) throw new TypeError('Not a table of readIndexTable')
  return columns
}

/** Creates empty columns. */
function createTableColumns(subdir: SubdirName): TableColumns {
  return { artifacts: createArtifactColumns(subdir), fingerprints: createColumn(Uint32Array, { width: 2 }) }
}

function createTableReader(subdir: SubdirName, sink: IndexSink, hasMd5 = false): { readonly take: RowSink; readonly finish: (skeleton: IndexSkeleton) => IndexTable } {
  const columns = createTableColumns(subdir)
  const layout = createLayoutRecorder()
  const view = createViewSink(sink)
  const md5s = hasMd5 ? createMd5Column() : undefined
  let newest: number | undefined
  return {
    take(batch) {
      addBatch(columns, batch)
      md5s?.add(batch)
      const seen = batch.engine.calls.newest()
      if (seen >= 0) newest = seen
      layout.add(batch)
      view(batch)
    },
    finish(skeleton) {
      assertPlausible(skeleton, subdir)
      return createTable({ ...columns, md5s }, layout.finish(skeleton), newest)
    },
  }
}

/** Appends the rows of a batch. Throws `NAME_UNSAFE`. */
function addBatch(columns: TableColumns, batch: RowBatch): void {
  const { engine, rows } = batch
  const { at } = engine
  const nameBytes = tabulate(batch, { rest: true })
  const buffer = engine.words.buffer
  appendRawRows(columns.artifacts, {
    names: engine.bytes.subarray(at.names, at.names + nameBytes),
    nameEnds: new Uint32Array(buffer, at.nameEnds, rows),
    digests: new Uint8Array(buffer, at.digests, rows * 32),
    sizes: new Float64Array(buffer, at.sizes, rows),
    marks: new Uint8Array(buffer, at.marks, rows),
  })
  appendCells(columns.fingerprints, new Uint32Array(buffer, at.fingerprints, rows * 2), 2)
}

/** Fills the columns of the engine for a batch, fingerprints and the newest timestamp if they are wanted too; gives the bytes of names. Throws `NAME_UNSAFE`. */
export function tabulate(batch: RowBatch, { rest }: { readonly rest: boolean }): number {
  const { engine, rows, suffix } = batch
  const { at, calls } = engine
  if (suffix !== '') engine.bytes.write(suffix, at.suffix)
  const nameBytes = calls.tabulate(Buffer.byteLength(suffix), rest ? 1 : 0)
  if (calls.attention() > 0) attend(batch, new Uint8Array(engine.words.buffer, at.marks, rows))
  return nameBytes
}

/** What the compiled scanner leaves to us: names that are not plainly good, and `url` fields. */
function attend(batch: RowBatch, marks: Uint8Array): void {
  for (let row = 0; row < marks.length; row += 1) {
    const mark = marks[row] ?? 0
    if ((mark & (NAME_DOUBTFUL | HAS_URL)) === 0) continue
    const name = nameOf(batch, row)
    if (!isArtifactName(name)) throw createUnsafeError(name)
    const elsewhere = batch.suffix !== '' && (mark & HAS_URL) !== 0 && (mark & FAULT_MASK) === 0 && pointsElsewhere(batch, row, name)
    marks[row] = (mark & ~(NAME_DOUBTFUL | HAS_URL)) | (elsewhere ? ELSEWHERE : 0)
  }
}

function nameOf({ engine, suffix }: RowBatch, row: number): string {
  const word = engine.at.rows / 4 + row * ROW_WORDS
  const start = engine.at.window + (engine.words[word + ROW_KEY] ?? 0) - 1
  return decodeString(engine.bytes, start, start + (engine.words[word + ROW_KEY_LENGTH] ?? 0) + 2) + suffix
}

/**
 * A record of `v3` may say where its artifact is (ceps#151, wheels on other hosts); a mirror can only have it where the file name says so
 * too. In the old sections clients go by the file name, whatever a stray `url` says.
 */
function pointsElsewhere({ engine }: RowBatch, row: number, name: string): boolean {
  const offset = engine.words[engine.at.rows / 4 + row * ROW_WORDS + URL_COLUMN] ?? 0
  const start = skipBlanks(engine.bytes, engine.at.window + offset)
  const url: unknown = JSON.parse(engine.bytes.toString('utf8', start, endOfValue(engine.bytes, start)))
  return url !== null && url !== name && url !== `./${name}` && url !== encodeURIComponent(name)
}

function createUnsafeError(name: string): MirrorError<'NAME_UNSAFE'> {
  return new MirrorError('NAME_UNSAFE', `Cannot use the index: the key ${JSON.stringify(name.slice(0, 300))} is not a plain file name ending in .conda, .tar.bz2 or .whl`, {
    hint: 'Report it to the channel: such a name could write outside the mirror. Nothing of this subdir was changed.',
    details: { name: name.slice(0, 300) },
  })
}

/** Throws `INDEX_IMPLAUSIBLE` for a document that is no index of that subdir, or one that clients do not read. */
export function assertPlausible(skeleton: IndexSkeleton, subdir: SubdirName): void {
  if (skeleton.length === 0) return
  if (skeleton.sections.length === 0 && !skeleton.hasV3) throw createImplausibleError('it has neither "packages" nor "packages.conda" nor "v3"')
  const named = skeleton.info?.['subdir'] ?? subdir
  if (named !== subdir) throw createImplausibleError(`it is that of ${JSON.stringify(named)}, not of ${subdir}`, { subdir, found: named })
  const entry = skeleton.entries.find(({ key }) => key === 'repodata_version')
  assertKnownVersion(skeleton.info?.['repodata_version'])
  if (entry !== undefined) assertKnownVersion(JSON.parse(Buffer.from(entry.raw).toString()))
}

function assertKnownVersion(version: unknown): void {
  if (version === undefined || (typeof version === 'number' && Number.isInteger(version) && version >= 0 && version <= MAXIMUM_VERSION)) return
  throw createImplausibleError(`its repodata_version is ${JSON.stringify(version)}, which clients do not read`, { version })
}

function createTable({ md5s, ...columns }: TableColumns & { readonly md5s: Md5Column | undefined }, layout: IndexLayout, newest: number | undefined): IndexTable {
  const { artifacts, fingerprints } = columns
  const { rows } = layout
  let faults: IndexTable['faults'] | undefined

  function assertRow(row: number): void {
    if (!Number.isInteger(row) || row < 0 || row >= rows) throw new RangeError(`No row ${row} of ${rows}`)
  }

  const table: IndexTable = {
    ...layout,
    subdir: artifacts.subdir,
    newest,
    weak: countWeak(artifacts, rows),
    keyAt(row) {
      assertRow(row)
      return artifacts.names.text(row)
    },
    artifactAt(row): Artifact | undefined {
      assertRow(row)
      return (markAt(artifacts, row) & FAULT_MASK) === 0 ? artifactAt(artifacts, row) : undefined
    },
    fingerprintAt(row) {
      assertRow(row)
      const cells = fingerprints.chunk(row)
      const cell = fingerprints.cell(row)
      return (BigInt(cells[cell + 1] ?? 0) << 32n) | BigInt(cells[cell] ?? 0)
    },
    get faults() {
      faults ??= collectFaults(artifacts, rows)
      return faults
    },
    artifacts: (keep) => collectArtifacts(artifacts, rows, keep),
    byMd5(set = table.artifacts()) {
      const order = md5s === undefined ? undefined : rowsOfSet(set)?.order().filter((row) => md5s.has(row))
      return md5s === undefined || order === undefined ? undefined : createSetOfSorted({ ...artifacts, ...md5s.columns }, order)
    },
  }
  columnsOf.set(table, columns)
  return table
}

function countWeak(columns: ArtifactColumns, rows: number): number {
  let weak = 0
  for (let row = 0; row < rows; row += 1) if ((markAt(columns, row) & (MARK_MD5 | FAULT_MASK)) === MARK_MD5) weak += 1
  return weak
}

function collectFaults(columns: ArtifactColumns, rows: number): IndexTable['faults'] {
  const faults: { readonly row: number; readonly key: string; readonly fault: RecordFault }[] = []
  for (let row = 0; row < rows; row += 1) {
    const fault = FAULTS.get(markAt(columns, row) & FAULT_MASK)
    if (fault !== undefined) faults.push({ row, key: columns.names.text(row), fault })
  }
  return faults
}

/** All or most of the rows: a view on the columns. Few of them: a copy, so that the rest can go. */
function collectArtifacts(columns: ArtifactColumns, rows: number, keep: Uint8Array | undefined): ArtifactSet {
  const order = soundRows(columns, rows, keep)
  return keep !== undefined && order.length * 2 < rows ? copyRows(columns, order) : createSetOfRows(columns, order)
}

/** The rows without a fault, or those of them that `keep` has non-zero. */
export function soundRows(columns: ArtifactColumns, rows: number, keep?: Uint8Array): Uint32Array {
  if (keep !== undefined && keep.length !== rows) throw new RangeError(`keep has ${keep.length} rows, the table ${rows}`)
  const order = new Uint32Array(rows)
  let count = 0
  for (let row = 0; row < rows; row += 1) {
    if (keep !== undefined && keep[row] === 0) continue
    if ((markAt(columns, row) & FAULT_MASK) !== 0) continue
    order[count] = row
    count += 1
  }
  return count === rows ? order : order.slice(0, count)
}
