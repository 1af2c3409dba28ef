import { createHash } from 'node:crypto'
import { type ArtifactSet, compareTables, createBufferSource, createIndexTableBuilder, type IndexTable, readIndexTable, type Sha256, type SubdirName, writeIndex } from '@mirror/core'
import { type Changeset, type DeltaChannel, type DeltaEntry, deltaPath, isSameSubdir, type PublishedFile, type SubdirChange, type SubdirState } from '@mirror/delta'
import { describeShards, describeWithdrawn, type StoreReader } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import type { OpenedDelta } from '../medium/open-delta.ts'
import { readPublishedShards } from '../tree/published-shards.ts'
import { readDigests } from '../tree/read-variants.ts'
import { asSha256 } from '../tree/read-subdir.ts'
import { type FileToPut, readPublic } from './files-to-put.ts'

/** What `planApply` starts from. */
export interface PlanApplyOptions {
  readonly delta: OpenedDelta
  readonly part: DeltaChannel
  readonly root: string
  /** Reads what is published; undefined where nothing is. */
  readonly reader: StoreReader | undefined
  readonly signal: AbortSignal | undefined
}

/** What leads from what is published to the target of the delta, with the bytes of every file. */
export interface ApplyPlan {
  readonly changeset: Changeset
  readonly files: readonly FileToPut[]
  /** Artifacts of the delta by path. */
  readonly artifacts: ReadonlyMap<string, DeltaEntry>
  /** What each subdir of the target lists, as far as it was read. */
  readonly listed: ReadonlyMap<SubdirName, ArtifactSet>
}

interface Planning extends PlanApplyOptions {
  readonly entries: ReadonlyMap<string, DeltaEntry>
  readonly files: FileToPut[]
  readonly listed: Map<SubdirName, ArtifactSet>
}

/** Compares the indexes of the delta with the published ones. The delta is verified already. Throws `DELTA_INCOMPLETE`, and what reading an index throws. */
export async function planApply(options: PlanApplyOptions): Promise<ApplyPlan> {
  const { part, reader } = options
  const planning: Planning = { ...options, entries: new Map(part.entries.map((entry) => [entry.path, entry])), files: [], listed: new Map() }
  const base = reader?.generation.state ?? { subdirs: [], files: [] }
  const changes: SubdirChange[] = []
  for (const target of part.target.state.subdirs) {
    const before = base.subdirs.find(({ subdir }) => subdir === target.subdir)
    if (before === undefined || !isSameSubdir(before, target)) changes.push(await planSubdir(planning, { target, before }))
  }
  const withdrawn = reader === undefined ? [] : await findWithdrawn(reader, part)
  const { files } = part.target.state
  const filesAdded = files.filter((file) => base.files.every(({ path, sha256 }) => path !== file.path || sha256 !== file.sha256))
  for (const file of filesAdded) planning.files.push(toPut(planning, file))
  return {
    artifacts: new Map(part.entries.filter(({ kind }) => kind === 'artifact').map((entry) => [entry.path, entry])),
    files: planning.files,
    listed: planning.listed,
    changeset: {
      base: reader?.generation.id ?? EMPTY_ID, target: part.target.state, changes, withdrawn, filesAdded,
      filesRemoved: base.files.filter(({ path }) => files.every((file) => file.path !== path)),
    },
  }
}

/** Subdirs that go, with what they list. */
async function findWithdrawn(reader: StoreReader, { target }: DeltaChannel): Promise<Changeset['withdrawn']> {
  const withdrawn: Changeset['withdrawn'][number][] = []
  for (const state of reader.generation.state.subdirs) {
    if (target.state.subdirs.every((kept) => kept.subdir !== state.subdir)) withdrawn.push(await describeWithdrawn(reader, state))
  }
  return withdrawn
}

const EMPTY_ID: Sha256 = asSha256(createHash('sha256').digest('hex'))

/** From the delta, or, where it does not change, from the mirror. */
function toPut({ delta, part, entries, root }: Planning, file: PublishedFile): FileToPut {
  const isInDelta = entries.get(file.path)?.sha256 === file.sha256
  return { file, open: () => (isInDelta ? delta.open(deltaPath(part.folder, file.path)) : readPublic(root, file.path)) }
}

interface SubdirPlace {
  readonly target: SubdirState
  readonly before: SubdirState | undefined
}

async function planSubdir(planning: Planning, { target, before }: SubdirPlace): Promise<SubdirChange> {
  const { files, reader, signal } = planning
  const { subdir } = target
  const document = toPut(planning, target.document)
  const table = await readTable(subdir, document.open(), signal)
  const opened = before === undefined || reader === undefined ? undefined : await readerPieces(reader, before.document)
  const { added, removed, replaced, relisted, relistedSome } = compareTables({ base: opened === undefined ? readIndexTable(new Uint8Array(), subdir) : await readTable(subdir, opened, signal), target: table })
  const artifacts = table.artifacts()
  planning.listed.set(subdir, artifacts)
  if (artifacts.count !== target.artifacts.count || artifacts.bytes !== target.artifacts.bytes) throw inconsistent(target.document.path, 'it lists something else than the manifest says')
  assertListed(planning, subdir, artifacts)
  const shards = await compareShards(planning, { target, before })
  const interim = replaced.after.count === 0 ? undefined : await deriveInterim(target, { document, without: replaced.after })
  files.push(...shards.added.map((file) => toPut(planning, file)), ...(interim === undefined ? [] : [interim.put]), ...target.variants.map((file) => toPut(planning, file)), document)
  return {
    subdir, add: added, remove: removed, reused: replaced, relisted, relistedSome, target, interim: interim?.state, interimShards: [], shardsAdded: shards.added, shardsRemoved: shards.removed,
  }
}

function inconsistent(path: string, what: string): Error {
  return difftarError('DELTA_DAMAGED', `Cannot use ${path} of the delta: ${what}`, { hint: 'The delta was made wrong, or tampered with. Nothing was changed.', details: { path } })
}

/** Every artifact that travels is one that the index lists. */
function assertListed({ part }: Planning, subdir: SubdirName, artifacts: ArtifactSet): void {
  for (const { kind, path, size, sha256 } of part.entries) {
    if (kind !== 'artifact' || !path.startsWith(`${subdir}/`)) continue
    const listed = artifacts.find(path.slice(subdir.length + 1))
    const isRight = listed?.size === size && (listed.digest.startsWith('md5:') || listed.digest === `sha256:${sha256}`)
    if (!isRight) throw inconsistent(path, 'the index does not list it like that')
  }
}

async function readTable(subdir: SubdirName, pieces: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<IndexTable> {
  const builder = createIndexTableBuilder(subdir)
  for await (const piece of pieces) {
    signal?.throwIfAborted()
    builder.write(piece)
  }
  return builder.end()
}

async function readerPieces(reader: StoreReader, { path }: PublishedFile): Promise<AsyncIterable<Uint8Array>> {
  const opened = await reader.openFile(path)
  if (opened.status === 'found') return opened.body
  throw difftarError('DELTA_INCOMPLETE', `Cannot read ${path} of the mirror: it is ${opened.status}`, { hint: 'Verify and repair the mirror.', details: { path } })
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Buffer[] = []
  for await (const piece of pieces) held.push(Buffer.from(piece))
  return Buffer.concat(held)
}

const SHARD_INDEX = 'repodata_shards.msgpack.zst'

async function readTargetShards(planning: Planning, { subdir, variants }: SubdirState): Promise<ReadonlySet<Sha256>> {
  const index = variants.find(({ path }) => path === `${subdir}/${SHARD_INDEX}`)
  if (index === undefined) return new Set()
  const digests = readDigests(await readAll(toPut(planning, index).open()))
  if (digests === undefined) throw inconsistent(index.path, 'it is no shard index')
  return digests
}

async function compareShards(planning: Planning, { target, before }: SubdirPlace): Promise<{ readonly added: readonly PublishedFile[]; readonly removed: readonly PublishedFile[] }> {
  const { reader, entries } = planning
  const { subdir } = target
  const old = reader === undefined || before === undefined ? new Set<Sha256>() : await readPublishedShards(reader, subdir)
  const now = await readTargetShards(planning, target)
  const added: PublishedFile[] = []
  for (const sha256 of [...now].toSorted()) {
    const entry = entries.get(`${subdir}/shards/${sha256}.msgpack.zst`)
    if (old.has(sha256)) continue
    if (entry === undefined) throw difftarError('DELTA_INCOMPLETE', `Cannot apply the delta: the shard ${sha256} of ${subdir} is neither in it nor in the mirror`, { hint: 'Bring a delta from nothing. Nothing was changed.' })
    added.push({ path: entry.path, sha256, size: entry.size })
  }
  return { added, removed: reader === undefined ? [] : await describeShards(reader, subdir, [...old].filter((sha256) => !now.has(sha256))) }
}

/**
 * The index without the names that are re-used, which is public while their bytes change. It has no variants: for that moment clients find the document alone, which every client reads.
 */
async function deriveInterim({ subdir, document }: SubdirState, { document: put, without }: { readonly document: FileToPut; readonly without: ArtifactSet }): Promise<{ readonly state: SubdirState; readonly put: FileToPut }> {
  const source = createBufferSource(await readAll(put.open()))
  const table = readIndexTable(source, subdir)
  const keep = new Uint8Array(table.rows)
  for (let row = 0; row < table.rows; row += 1) keep[row] = without.find(table.keyAt(row)) === undefined ? 1 : 0
  const pieces: Buffer[] = []
  writeIndex({ parts: [{ source, table, keep }], write: (piece) => pieces.push(Buffer.from(piece)) })
  const bytes = Buffer.concat(pieces)
  const file: PublishedFile = { path: document.path, sha256: asSha256(createHash('sha256').update(bytes).digest('hex')), size: bytes.length }
  const { count, bytes: sum } = table.artifacts(keep)
  return { state: { subdir, document: file, variants: [], artifacts: { count, bytes: sum } }, put: { file, open: () => once(bytes) } }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes
}
