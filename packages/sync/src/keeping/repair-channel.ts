import { type Artifact, type ArtifactSet, createArtifactSet, MirrorError, type SubdirName } from '@mirror/core'
import type { Changeset, SubdirState } from '@mirror/delta'
import type { RepositoryClient } from '@mirror/repository-client'
import type { DiskStore, Generation, Transaction, VerifyFault } from '@mirror/store'
import type { SyncErrorCode } from '../error-codes.ts'
import type { SyncEvent } from '../events.ts'
import { collectMissing, fetchArtifacts } from '../fetch-artifacts.ts'
import { createSpoolSpace } from '../spool-space.ts'
import { readUpstreamMemo } from '../upstream-memo.ts'
import { giveUp, readListed, type Repair, restoreIndex } from './repair-index.ts'
import { beginReturn } from './rollback-channel.ts'

/** What `repairChannel` needs to know. */
export interface RepairOptions {
  readonly store: DiskStore
  /** What `verifyStore` found wrong with its newest generation. */
  readonly faults: readonly VerifyFault[]
  /** Reads upstream; without it only what can be made from the store itself is repaired. */
  readonly client?: RepositoryClient
  /** Where large indexes are put while they are worked on. */
  readonly spoolFolder: string
  /** Artifacts fetched at once. Default 32. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly observe?: (event: SyncEvent) => void
}

/** Something that could not be repaired. */
export interface Unrepaired {
  readonly path: string
  readonly code: string
  readonly reason: string
}

/** What a repair did. Whether everything is right afterwards, `verifyStore` tells. */
export interface RepairReport {
  /** The generation that is newest afterwards: the same state, published again. */
  readonly generation: number
  readonly fetched: { readonly artifacts: number; readonly bytes: number }
  readonly unrepaired: readonly Unrepaired[]
}

const CONCURRENCY = 32

/**
 * Makes what is wrong with the newest generation right again, in one transaction: artifacts are fetched and verified, index files come from the public file or the copy, whichever is right,
 * else from upstream while it has the very document, and shards and variants from the document. Wrong bytes are set aside for the grace, and never read. Throws `STORE_LOCKED`,
 * `STORE_CONTENDED`, and what the store throws.
 */
export async function repairChannel(options: RepairOptions): Promise<RepairReport | undefined> {
  const { store, signal = new AbortController().signal } = options
  const head = await store.head()
  const reader = await store.read(head?.number)
  if (head === undefined || reader === undefined) return undefined
  using spool = createSpoolSpace(options.spoolFolder)
  const repair: Repair = { options, head, reader, reading: { spool, signal }, changes: [], files: [], damaged: new Set(), unrepaired: [] }
  const bySubdir = Map.groupBy(options.faults, (fault) => subdirOf(fault, head))
  for (const state of head.state.subdirs) {
    const faults = bySubdir.get(state.subdir)
    if (faults !== undefined) await planSubdirRepair(state, faults, repair)
  }
  for (const { path } of bySubdir.get(undefined) ?? []) giveUp(repair, path, { code: 'NOT_AN_INDEX', reason: 'it is neither an artifact nor an index file' })
  if (repair.changes.length === 0) return { generation: head.number, fetched: { artifacts: 0, bytes: 0 }, unrepaired: repair.unrepaired }
  return await carryOutRepair(repair)
}

const COPY = /^\.mirror\/documents\/(?<sha256>[0-9a-f]{64})(?:\.zst)?$/

/** The subdir that a fault is about; undefined for a plain file. */
function subdirOf({ path }: VerifyFault, { state }: Generation): SubdirName | undefined {
  const sha256 = COPY.exec(path)?.groups?.['sha256']
  const isOf = ({ subdir, document, variants }: SubdirState): boolean =>
    (sha256 === undefined ? path.startsWith(`${subdir}/`) : [document, ...variants].some((file) => file.sha256 === sha256))
  return state.subdirs.find(isOf)?.subdir
}

async function planSubdirRepair(state: SubdirState, faults: readonly VerifyFault[], repair: Repair): Promise<void> {
  const { subdir } = state
  const blocked = faults.filter(({ fault }) => fault === 'not-a-file')
  for (const { path } of blocked) giveUp(repair, path, { code: 'STORE_UNSAFE_PATH', reason: 'something that is no plain file has its name; remove it' })
  const rest = faults.filter(({ fault }) => fault !== 'not-a-file')
  if (rest.length === 0) return
  const set = await readListed(state, repair)
  if (set === undefined) {
    for (const { path } of rest) giveUp(repair, path, { code: 'INDEX_LOST', reason: `the index of ${subdir} is neither public nor kept, and upstream did not give the very one; sync` })
    return
  }
  for (const { path } of rest) repair.damaged.add(path)
  const artifacts: Artifact[] = []
  const listed = set.table.artifacts()
  for (const { path } of rest) {
    const artifact = listed.find(path.slice(subdir.length + 1))
    if (artifact !== undefined && path.startsWith(`${subdir}/`)) artifacts.push(artifact)
  }
  const isIndexWrong = rest.length > artifacts.length
  const index = isIndexWrong ? await restoreIndex(state, set, repair) : { target: state, shardsAdded: [], shardsRemoved: [] }
  const none = createArtifactSet(subdir, [])
  repair.changes.push({
    subdir, add: createArtifactSet(subdir, artifacts), remove: none, reused: { before: none, after: none }, relisted: 0, interim: undefined, interimShards: [], ...index,
  })
}

async function carryOutRepair(repair: Repair): Promise<RepairReport> {
  const { options, head, changes, reading: { signal } } = repair
  const targets = new Map(changes.map(({ subdir, target }) => [subdir, target]))
  const subdirs = head.state.subdirs.map((state) => targets.get(state.subdir) ?? state)
  const changeset: Changeset = { base: head.id, target: { ...head.state, subdirs }, changes, withdrawn: [], filesAdded: [], filesRemoved: [] }
  await using transaction = await beginReturn({ changeset }, { store: options.store, signal, observe: options.observe, damaged: repair.damaged })
  if (transaction === undefined) throw contended()
  const { fetched, failed } = await fetchMissing(transaction, repair)
  for (const { file, open } of repair.files) await transaction.putFile(file, toAsync(open()), { signal })
  const final = { ...changeset, changes: changes.map((change) => ({ ...change, add: createArtifactSet(change.subdir, [...change.add].filter(({ name }) => !failed.has(`${change.subdir}/${name}`))) })) }
  const result = await transaction.commit(failed.size === 0 ? changeset : final)
  if (result.status !== 'committed') throw contended()
  return { generation: result.generation.number, fetched, unrepaired: repair.unrepaired }
}

function contended(): MirrorError<SyncErrorCode> {
  return new MirrorError('STORE_CONTENDED', 'Cannot repair: the mirror changed under the run', { hint: 'See what else writes to this mirror, then try again.' })
}

async function* toAsync(pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** Fetches what is missing. Answers what could not be had, by path. */
async function fetchMissing(transaction: Transaction, repair: Repair): Promise<{ readonly fetched: RepairReport['fetched']; readonly failed: ReadonlySet<string> }> {
  const { options, reading: { signal } } = repair
  const missing = await collectMissing(transaction, signal)
  if (options.client === undefined) {
    const all = missing.flatMap((set) => [...set].map(({ subdir, name }) => `${subdir}/${name}`))
    for (const path of all) giveUp(repair, path, { code: 'ARTIFACT_MISSING', reason: 'no configuration names its upstream' })
    return { fetched: { artifacts: 0, bytes: 0 }, failed: new Set(all) }
  }
  const { artifacts, bytes, failed } = await fetchArtifacts({
    transaction, client: options.client, missing, baseUrls: await readBaseUrls(missing, options.store), concurrency: options.concurrency ?? CONCURRENCY, signal, observe: options.observe ?? (() => undefined),
  })
  for (const { subdir, name, code, reason } of failed) giveUp(repair, `${subdir}/${name}`, { code, reason })
  return { fetched: { artifacts, bytes }, failed: new Set(failed.map(({ subdir, name }) => `${subdir}/${name}`)) }
}

/** Where upstream kept the artifacts when its index was last read: the published one does not say. */
async function readBaseUrls(missing: readonly ArtifactSet[], store: DiskStore): Promise<ReadonlyMap<SubdirName, string>> {
  const subdirs = [...new Set(missing.map(({ subdir }) => subdir))]
  const known = await Promise.all(subdirs.map(async (subdir) => ({ subdir, memo: await readUpstreamMemo(store, subdir) })))
  return new Map(known.flatMap(({ subdir, memo }): [SubdirName, string][] => (memo?.baseUrl === undefined ? [] : [[subdir, memo.baseUrl]])))
}
