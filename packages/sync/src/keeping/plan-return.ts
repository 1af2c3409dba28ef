import { type ArtifactSet, compareTables, createArtifactSet, type IndexTable, readIndexTable, type Sha256, type SubdirName } from '@mirror/core'
import { type Changeset, EMPTY_STATE, isSameSubdir, type PublishedFile, stateId, type SubdirChange, type SubdirState } from '@mirror/delta'
import { describeShards, describeWithdrawn, type Generation, readShardDigests, type StoreReader } from '@mirror/store'
import { composeIndex, deriveIndex } from '../derive-index.ts'
import type { DerivedFile } from '../derived-file.ts'
import type { VariantChoice } from '../options.ts'
import { type PublishedIndex, readFileOf, readPublishedIndex, type ReadOptions } from './read-published.ts'

/** A changeset that leads back to an older state, with the bytes of every file that it needs. */
export interface ReturnPlan {
  readonly changeset: Changeset
  readonly files: readonly { readonly file: PublishedFile; readonly open: () => AsyncIterable<Uint8Array> }[]
}

/** What `planReturn` starts from. */
export interface PlanReturnOptions extends ReadOptions {
  readonly head: Generation
  /** Reads the head; undefined when the public files cannot be believed: older everything that the older state lists is verified on disk. */
  readonly newest: StoreReader | undefined
  /** Reads the generation that is to be published again. */
  readonly older: StoreReader
}

type Files = ReturnPlan['files'][number][]

/** Compares the head with an older generation. Artifacts come from where they lie, index files from the copies that the store keeps. */
export async function planReturn(options: PlanReturnOptions): Promise<ReturnPlan> {
  const { head, newest, older } = options
  const target = older.generation.state
  const files: Files = []
  const changes: SubdirChange[] = []
  for (const state of target.subdirs) {
    const base = newest?.generation.state.subdirs.find(({ subdir }) => subdir === state.subdir)
    if (base === undefined || !isSameSubdir(base, state)) changes.push(await planSubdirReturn({ state, base, files }, options))
  }
  const gone = head.state.subdirs.filter(({ subdir }) => target.subdirs.every((state) => state.subdir !== subdir))
  const withdrawn = await Promise.all(gone.map((state) => withdraw(state, newest)))
  const known = newest === undefined ? [] : head.state.files
  const filesAdded = target.files.filter((file) => known.every(({ path, sha256 }) => path !== file.path || sha256 !== file.sha256))
  for (const file of filesAdded) files.push({ file, open: () => readFileOf(older, file) })
  const filesRemoved = head.state.files.filter(({ path }) => target.files.every((file) => file.path !== path))
  return { changeset: { base: newest === undefined ? stateId(EMPTY_STATE) : head.id, target, changes, withdrawn, filesAdded, filesRemoved }, files }
}

/** A subdir that goes, with all that it lists. Of a tree that is not believed the store itself finds out what its head lists. */
export async function withdraw(state: SubdirState, reader: StoreReader | undefined): Promise<Changeset['withdrawn'][number]> {
  const { subdir } = state
  if (reader === undefined) return { state, artifacts: createArtifactSet(subdir, []), shards: [] }
  return describeWithdrawn(reader, state)
}

interface SubdirReturn {
  readonly state: SubdirState
  readonly base: SubdirState | undefined
  /** Where the files of the change are added. */
  readonly files: Files
}

async function planSubdirReturn({ state, base, files }: SubdirReturn, options: PlanReturnOptions): Promise<SubdirChange> {
  const { older } = options
  const { subdir } = state
  const index = await readPublishedIndex(older, state, options)
  const before = await readBaseTable(subdir, base, options)
  const { added, removed, replaced, relisted, relistedSome } = compareTables({ base: before, target: index.table })
  const shards = await compareShards(subdir, options)
  const interim = replaced.after.count === 0 ? undefined : await deriveInterim(index, { state, without: replaced.after }, options)
  const between = (interim?.shards ?? []).filter(({ file }) => !shards.known.has(file.sha256))
  for (const file of [...shards.added, ...state.variants, state.document]) files.push({ file, open: () => readFileOf(older, file) })
  for (const derived of [...(interim?.files ?? []), ...between]) files.push({ file: derived.file, open: () => iterate(derived) })
  return {
    subdir, add: added, remove: removed, reused: replaced, relisted, relistedSome, target: state, interim: interim?.state,
    interimShards: between.map(({ file }) => file), shardsAdded: shards.added, shardsRemoved: shards.removed,
  }
}

async function readBaseTable(subdir: SubdirName, base: SubdirState | undefined, options: PlanReturnOptions): Promise<IndexTable> {
  if (base === undefined || options.newest === undefined) return readIndexTable(new Uint8Array(), subdir)
  return (await readPublishedIndex(options.newest, base, options)).table
}

interface ShardComparison {
  /** Digests of the shards of both. */
  readonly known: ReadonlySet<string>
  readonly added: readonly PublishedFile[]
  readonly removed: readonly PublishedFile[]
}

async function compareShards(subdir: SubdirName, { newest, older }: PlanReturnOptions): Promise<ShardComparison> {
  const after = await readShardDigests(older, subdir)
  const before = newest === undefined ? new Set<Sha256>() : await readShardDigests(newest, subdir)
  return {
    known: new Set([...before, ...after]),
    added: await describeShards(older, subdir, [...after].filter((sha256) => !before.has(sha256))),
    removed: newest === undefined ? [] : await describeShards(newest, subdir, [...before].filter((sha256) => !after.has(sha256))),
  }
}

/** What flat readers see while the bytes of re-used names change back: the index without those names. */
async function deriveInterim(index: PublishedIndex, { state, without }: { readonly state: SubdirState; readonly without: ArtifactSet }, { spool, signal }: PlanReturnOptions): ReturnType<typeof deriveIndex> {
  const deriving = { subdir: state.subdir, variants: variantsOf(state), spool, signal }
  return deriveIndex(await composeIndex([{ ...index, keep: rowsWithout(index.table, without) }], false, deriving), deriving)
}

function rowsWithout(table: IndexTable, names: ArtifactSet): Uint8Array {
  const keep = new Uint8Array(table.rows)
  for (let row = 0; row < table.rows; row += 1) keep[row] = names.find(table.keyAt(row)) === undefined ? 1 : 0
  return keep
}

/** The variants that a subdir is published with, as far as they can be made from its document. */
export function variantsOf({ subdir, variants }: { readonly subdir: SubdirName; readonly variants: readonly PublishedFile[] }): VariantChoice {
  const has = (name: string): boolean => variants.some(({ path }) => path === `${subdir}/${name}`)
  return { zst: has('repodata.json.zst'), shards: has('repodata_shards.msgpack.zst'), bz2: has('repodata.json.bz2') }
}

async function* iterate({ chunks }: DerivedFile): AsyncGenerator<Uint8Array> {
  yield* chunks()
}
