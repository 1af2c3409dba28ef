import { type ArtifactSet, MirrorError, NOARCH, type SubdirName } from '@mirror/core'
import { type Changeset, EMPTY_STATE, isEmptyChangeset, type PublishedFile, type SubdirChange } from '@mirror/delta'
import type { Generation, TidyReport, Transaction } from '@mirror/store'
import { buildChangeset } from './build-changeset.ts'
import { isDerivativePath } from './derivatives/choice.ts'
import { type ChannelFiles, deriveChannelFiles } from './derivatives/derive-channel-files.ts'
import { type DerivedChange, deriveChange } from './derive-change.ts'
import type { DerivedFile } from './derived-file.ts'
import { collectMissing, fetchArtifacts, type FetchedArtifacts } from './fetch-artifacts.ts'
import type { PlanSubdirOptions } from './look-at-subdir.ts'
import { planRecords } from './plan-subdir.ts'
import { type Ground, stateOf } from './ground.ts'
import type { FailedArtifact, HeldSubdir } from './report.ts'
import type { SyncRun } from './run.ts'
import type { SpoolSpace } from './spool-space.ts'
import { tidyUp } from './tidy-up.ts'

/** What came of carrying out a plan. */
export interface CarriedOut {
  /** Undefined when everything had to be held. */
  readonly generation: Generation | undefined
  readonly published: readonly DerivedChange[]
  readonly held: readonly HeldSubdir[]
  readonly failed: readonly FailedArtifact[]
  readonly fetched: { readonly artifacts: number; readonly bytes: number }
  readonly copied: { readonly artifacts: number; readonly bytes: number }
  readonly present: number
  readonly tidy: TidyReport | undefined
}

/** When it did not come to that. */
export const NOTHING_CARRIED_OUT: CarriedOut = {
  generation: undefined, published: [], held: [], failed: [], fetched: { artifacts: 0, bytes: 0 }, copied: { artifacts: 0, bytes: 0 }, present: 0, tidy: undefined,
}

/** What `carryOut` needs. */
export interface CarryOutOptions {
  readonly run: SyncRun
  readonly spool: SpoolSpace
  readonly ground: Ground
  readonly derived: readonly DerivedChange[]
  /** Upstream's files of the whole channel; undefined where nothing was planned, so that those of the base stay. */
  readonly channelFiles: ChannelFiles | undefined
  /** The same, restricted to what the changeset leads to. */
  readonly files: readonly DerivedFile[]
  readonly changeset: Changeset
  /** True when no further round follows: then what is missing is reported instead of planned again. */
  readonly isLast: boolean
}

/** Fetches, publishes, tidies. Undefined when the store or upstream moved on meanwhile and a new plan is needed; what was fetched is kept. */
export async function carryOut(options: CarryOutOptions): Promise<CarriedOut | undefined> {
  await using transaction = await beginTransaction(options)
  if (transaction === undefined) return undefined
  const { missing, present } = await planFetch(transaction, options)
  const fetched = await fetchArtifacts({ ...fetchOptions(options), transaction, missing })
  if (fetched.failed.length > 0 && !options.isLast && await hasUpstreamMoved(options, fetched)) return undefined
  const final = await narrow(options, fetched)
  const generation = isEmptyChangeset(final.changeset) ? undefined : await commit(transaction, final, options)
  if (generation === 'stale') return undefined
  await transaction.abandon()
  const tidy = await tidyUp(options.run)
  return { generation, published: final.published, held: final.held, failed: fetched.failed, fetched: { artifacts: fetched.artifacts, bytes: fetched.bytes }, copied: fetched.copied, present, tidy }
}

/** What planning needs on this ground. */
export function planningOn(run: SyncRun, ground: Ground): PlanSubdirOptions {
  return { ...run.planning, published: stateOf(ground), reader: ground.reader }
}

/**
 * What of the derived has to be published. Variants follow from the document: the same document with the same choice of them is published already, whoever compressed it. Where the public
 * files cannot be believed, everything is.
 */
export function changesOf(derived: readonly DerivedChange[], { isDistrusted }: Ground): readonly SubdirChange[] {
  return derived.filter((one) => isDistrusted || isNew(one)).map(({ change }) => change)
}

function isNew({ plan, change }: DerivedChange): boolean {
  if (plan.base?.document.sha256 !== change.target.document.sha256) return true
  const describe = (variants: readonly PublishedFile[]): string => variants.map(({ path, sha256 }) => (isDerivativePath(path) ? `${path}:${sha256}` : path)).join()
  return describe(plan.base.variants) !== describe(change.target.variants)
}

/** What has to come over the network; refuses before the first byte when there is no room for it. */
async function planFetch(transaction: Transaction, { run, changeset, derived, files: channelFiles }: CarryOutOptions): Promise<{ readonly missing: readonly ArtifactSet[]; readonly present: number }> {
  const missing = await collectMissing(transaction, run.signal)
  const artifacts = sum(missing.map(({ count }) => count))
  const bytes = sum(missing.map((set) => set.bytes))
  const files = [...derived.flatMap((change) => change.files), ...channelFiles]
  await run.options.store.checkSpace?.({
    bytes: bytes + sum(files.map(({ file }) => file.size)), files: artifacts + files.length,
    ...(run.options.reserve === undefined ? {} : { reserve: run.options.reserve }),
  })
  const present = sum(changeset.changes.map(({ add, reused }) => add.count + reused.after.count)) - artifacts
  run.observe({ type: 'fetch-planned', artifacts, bytes, present })
  return { missing, present }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

async function beginTransaction({ run, changeset }: CarryOutOptions): Promise<Transaction | undefined> {
  const { store, adopt = true } = run.options
  const begun = await store.begin(changeset, { signal: run.signal, observe: run.observe, adopt })
  switch (begun.status) {
    case 'begun':
      return begun.transaction
    case 'stale':
      return undefined
    case 'busy':
      throw new MirrorError('STORE_LOCKED', `Cannot change the mirror of ${run.channelName}: another run works on it`, {
        hint: 'Wait until it has ended; it needs no help and leaves no lock behind.',
      })
  }
}

function fetchOptions({ run, derived }: CarryOutOptions): Omit<Parameters<typeof fetchArtifacts>[0], 'transaction' | 'missing'> {
  const baseUrls = new Map(derived.flatMap(({ plan }): [SubdirName, string][] => (plan.baseUrl === undefined ? [] : [[plan.subdir, plan.baseUrl]])))
  return { client: run.options.client, nearby: run.options.nearby ?? [], baseUrls, concurrency: run.concurrency, signal: run.signal, observe: run.observe }
}

/** When artifacts are not there or are others than listed, the index may have moved on since it was read (`channels.md` §4). */
async function hasUpstreamMoved({ run, derived }: CarryOutOptions, { failed }: FetchedArtifacts): Promise<boolean> {
  const suspects = new Set(failed.filter(({ code }) => MOVED.has(code)).map(({ subdir }) => subdir))
  for (const { plan } of derived) {
    if (!suspects.has(plan.subdir) || plan.fetched === undefined) continue
    const answer = await run.options.client.fetchIndex(plan.subdir, { signal: run.signal, validators: plan.fetched.validators })
    if (answer.status === 'absent') return true
    if (answer.status === 'fetched') {
      await answer.index.close()
      if (answer.index.sha256 !== plan.original.sha256) return true
    }
  }
  return false
}

const MOVED: ReadonlySet<string> = new Set(['ARTIFACT_MISSING', 'DIGEST_MISMATCH', 'SIZE_MISMATCH'])

interface Narrowed {
  readonly changeset: Changeset
  readonly published: readonly DerivedChange[]
  readonly files: readonly DerivedFile[]
  readonly held: readonly HeldSubdir[]
}

/** What can be published although some artifacts failed: their subdirs are held, or published without them. */
async function narrow(options: CarryOutOptions, { failed }: FetchedArtifacts): Promise<Narrowed> {
  const { run, derived, changeset, ground } = options
  const bySubdir = Map.groupBy(failed, ({ subdir }) => subdir)
  if (bySubdir.size === 0) return { changeset, published: derived, files: options.files, held: [] }
  if (run.options.partial === true) return await publishWithout(options, bySubdir)
  const held = [...bySubdir].map(([subdir, artifacts]) => heldBecause(subdir, artifacts))
  const base = stateOf(ground) ?? EMPTY_STATE
  // Clients refuse a channel without noarch: then the rest has to wait for it.
  if (bySubdir.has(NOARCH) && base.subdirs.every(({ subdir }) => subdir !== NOARCH)) {
    const others = derived.filter(({ plan }) => !bySubdir.has(plan.subdir)).map(({ plan }) => heldForNoarch(plan.subdir))
    return { changeset: buildChangeset(base, { changes: [] }), published: [], files: [], held: [...held, ...others] }
  }
  const names = new Set(bySubdir.keys())
  return { ...await settle(options, derived.filter(({ plan }) => !names.has(plan.subdir))), held }
}

/** The changeset of what is published after all. */
async function settle({ run, ground, channelFiles }: CarryOutOptions, published: readonly DerivedChange[]): Promise<Omit<Narrowed, 'held'>> {
  const files = await deriveChannelFiles(channelFiles, published, { run, ground })
  const changeset = buildChangeset(stateOf(ground), { changes: changesOf(published, ground), files: files?.map(({ file }) => file), isDistrusted: ground.isDistrusted })
  return { changeset, published, files: files ?? [] }
}

function heldBecause(subdir: SubdirName, artifacts: readonly FailedArtifact[]): HeldSubdir {
  const [first] = artifacts
  return {
    subdir,
    code: 'ARTIFACTS_FAILED',
    reason: `Cannot publish ${subdir}: ${artifacts.length} of its artifacts could not be had, ${first?.name ?? ''} first (${first?.reason ?? ''})`,
    hint: 'Run the sync again; with --partial the subdir is published without them.',
  }
}

function heldForNoarch(subdir: SubdirName): HeldSubdir {
  return {
    subdir,
    code: 'NOARCH_HELD',
    reason: `Cannot publish ${subdir}: noarch could not be had, and a channel without noarch cannot be used`,
    hint: 'Run the sync again; what was fetched is kept.',
  }
}

async function publishWithout(options: CarryOutOptions, failed: ReadonlyMap<SubdirName, readonly FailedArtifact[]>): Promise<Narrowed> {
  const { run, ground, spool, derived } = options
  const published: DerivedChange[] = []
  for (const change of derived) {
    const names = failed.get(change.plan.subdir)
    if (names === undefined) published.push(change)
    else {
      const plan = await planRecords({ ...change.plan, failed: new Set(names.map(({ name }) => name)) }, planningOn(run, ground))
      published.push(await deriveChange(plan, { ...run.deriving, reader: ground.reader, spool }))
    }
  }
  return { ...await settle(options, published), held: [] }
}

async function commit(transaction: Transaction, { changeset, published, files: channelFiles }: Narrowed, { run }: CarryOutOptions): Promise<Generation | 'stale'> {
  const wanted = new Set(changeset.changes.map(({ subdir }) => subdir))
  for (const { plan, files } of published) {
    if (!wanted.has(plan.subdir)) continue
    for (const { file, chunks } of files) await transaction.putFile(file, iterate(chunks()), { signal: run.signal })
  }
  const added = new Set(changeset.filesAdded.map(({ path }) => path))
  for (const { file, chunks } of channelFiles) if (added.has(file.path)) await transaction.putFile(file, iterate(chunks()), { signal: run.signal })
  const result = await transaction.commit(changeset)
  // A store that does not know whether it committed has a head that tells: the next round starts from it.
  return result.status === 'committed' ? result.generation : 'stale'
}

async function* iterate(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* chunks
}
