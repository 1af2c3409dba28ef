import { createIndexTableBuilder, isMirrorError, type Sha256, type SubdirName } from '@mirror/core'
import type { PublishedFile, SubdirChange, SubdirState } from '@mirror/delta'
import type { RepositoryClient } from '@mirror/repository-client'
import { describeShards, type Generation, readShardDigests, type StoreReader } from '@mirror/store'
import { deriveIndex, type DerivedIndex } from '../derive-index.ts'
import { readChunks } from '../spool-space.ts'
import { variantsOf } from './plan-return.ts'
import type { PublishedIndex, ReadOptions } from './read-published.ts'
import type { RepairOptions, Unrepaired } from './repair-channel.ts'

/** A repair under way. */
export interface Repair {
  readonly options: RepairOptions
  readonly head: Generation
  readonly reader: StoreReader
  readonly reading: ReadOptions
  readonly changes: SubdirChange[]
  readonly files: { readonly file: PublishedFile; readonly open: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array> }[]
  /** The faults that this repair puts right. */
  readonly damaged: Set<string>
  readonly unrepaired: Unrepaired[]
}

/** Notes that something cannot be repaired. */
export function giveUp({ unrepaired }: Repair, path: string, why: Omit<Unrepaired, 'path'>): void {
  unrepaired.push({ path, ...why })
}

/** The index as it is published, from wherever it is right. */
export async function readListed({ subdir, document }: SubdirState, { options, reading: { spool, signal } }: Repair): Promise<PublishedIndex | undefined> {
  const intact = await options.store.openIntact(document.path)
  if (intact !== undefined) {
    const writer = spool.create()
    const builder = createIndexTableBuilder(subdir)
    for await (const chunk of intact) {
      signal.throwIfAborted()
      writer.write(chunk)
      builder.write(chunk)
    }
    return { source: writer.end(), table: builder.end() }
  }
  return await fetchSame(subdir, document.sha256, { client: options.client, signal })
}

/** Upstream's index, while it is the very one that is published. */
async function fetchSame(subdir: SubdirName, sha256: Sha256, { client, signal }: { readonly client: RepositoryClient | undefined; readonly signal: AbortSignal }): Promise<PublishedIndex | undefined> {
  try {
    const answer = await client?.fetchIndex(subdir, { signal })
    if (answer?.status !== 'fetched') return undefined
    if (answer.index.sha256 === sha256) return { source: answer.index.document, table: answer.index.table }
    await answer.index.close()
    return undefined
  } catch (error) {
    if (signal.aborted || !isMirrorError(error)) throw error
    return undefined
  }
}

/** The parts of a change that are about index files. */
export type RestoredIndex = Pick<SubdirChange, 'target' | 'shardsAdded' | 'shardsRemoved'>

/** Every index file of a subdir again: as it was where its bytes are somewhere, else made from the document. What can neither be found nor made is left out, rather than wrong. */
export async function restoreIndex(state: SubdirState, index: PublishedIndex, repair: Repair): Promise<RestoredIndex> {
  const { reader, files, reading } = repair
  const { subdir, document } = state
  const derived = await deriveIndex({ ...index, sha256: document.sha256, zst: undefined, bz2: undefined }, { ...reading, subdir, variants: variantsOf(state) })
  const variants: PublishedFile[] = []
  for (const variant of state.variants) {
    const restored = await restoreVariant(variant, { subdir, derived, repair })
    if (restored === undefined) giveUp(repair, variant.path, { code: 'VARIANT_LOST', reason: 'it is neither public nor kept; it is left out until upstream changes' })
    else {
      variants.push(restored.file)
      files.push(restored)
    }
  }
  files.push({ file: document, open: () => readChunks(index.source) })
  return { target: { ...state, variants }, ...await restoreShards(subdir, derived, { reader, files }) }
}

interface RestoreVariantOptions {
  readonly subdir: SubdirName
  readonly derived: DerivedIndex
  readonly repair: Repair
}

/** The shard index goes with the shards, so that it is always the one that was made with them. */
async function restoreVariant(file: PublishedFile, { subdir, derived, repair }: RestoreVariantOptions): Promise<Repair['files'][number] | undefined> {
  const made = derived.files.find((candidate) => candidate.file.path === file.path)
  const isBelieved = file.path !== `${subdir}/repodata_shards.msgpack.zst` && !isStale(file, repair)
  const bytes = isBelieved ? await repair.options.store.openIntact(file.path) : undefined
  if (bytes !== undefined) return { file, open: () => bytes }
  return made === undefined ? undefined : { file: made.file, open: made.chunks }
}

function isStale({ path }: PublishedFile, { options }: Repair): boolean {
  return options.faults.some((fault) => fault.path === path && fault.fault === 'stale-variant')
}

/** All shards are put: those that are right stay where they are. */
async function restoreShards(subdir: SubdirName, derived: DerivedIndex, { reader, files }: Pick<Repair, 'reader' | 'files'>): Promise<Omit<RestoredIndex, 'target'>> {
  for (const { file, chunks } of derived.shards) files.push({ file, open: chunks })
  const after = new Set(derived.shards.map(({ file }) => file.sha256))
  const before = await readShardDigests(reader, subdir).catch((error: unknown) => {
    if (isMirrorError(error)) return new Set<Sha256>()
    throw error
  })
  const gone = await describeShards(reader, subdir, [...before].filter((sha256) => !after.has(sha256)))
  return { shardsAdded: derived.shards.map(({ file }) => file), shardsRemoved: gone }
}
