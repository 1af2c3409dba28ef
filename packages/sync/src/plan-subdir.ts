import {
  type ChannelUrl, createIndexTableBuilder, createBufferSource, type IndexTable, isMirrorError, isOwnBaseUrl, NOARCH, resolveBaseUrl, resolveSubdirUrl, type SubdirName,
} from '@mirror/core'
import type { SubdirFacts, SubdirState } from '@mirror/delta'
import type { FetchedIndex, RepositoryClient } from '@mirror/repository-client'
import type { Store, StoreReader } from '@mirror/store'
import { decideRecords, type RecordDecision } from './decide-records.ts'
import { type OriginalIndex, sha256Of } from './derive-index.ts'
import type { ReusePolicy, WantedSubdir } from './options.ts'
import type { HeldSubdir } from './report.ts'
import { readUpstreamMemo, type UpstreamMemo } from './upstream-memo.ts'

/** What is known of one subdir before anything is fetched but its index. */
export type SubdirOutcome =
  /** What is published follows from what upstream has now. `memo` is what to remember of it. */
  | { readonly status: 'unchanged'; readonly subdir: SubdirName; readonly base: SubdirState; readonly memo: UpstreamMemo }
  /** Neither upstream nor the store has it. */
  | { readonly status: 'absent'; readonly subdir: SubdirName }
  | { readonly status: 'vanished'; readonly subdir: SubdirName; readonly base: SubdirState }
  | { readonly status: 'failed'; readonly subdir: SubdirName; readonly base: SubdirState | undefined; readonly held: HeldSubdir }
  | { readonly status: 'planned'; readonly plan: SubdirPlan }

/** A subdir whose index is to be published anew. */
export interface SubdirPlan {
  readonly subdir: SubdirName
  readonly base: SubdirState | undefined
  readonly baseTable: IndexTable | undefined
  readonly original: OriginalIndex
  /** Undefined for the `noarch` that is made up where upstream has none. */
  readonly fetched: FetchedIndex | undefined
  readonly decision: RecordDecision
  /** Where upstream keeps the artifacts, when not beside the index. */
  readonly baseUrl: string | undefined
  /** True when the published index must lose `info.base_url`. */
  readonly dropBaseUrl: boolean
  readonly waited: UpstreamMemo['waiting']
}

/** What planning a subdir needs. */
export interface PlanSubdirOptions {
  readonly channel: ChannelUrl
  readonly client: RepositoryClient
  readonly store: Store
  readonly reader: StoreReader | undefined
  readonly choice: string
  readonly reuse: ReusePolicy
  readonly now: number
  readonly grace: number
  readonly signal: AbortSignal
}

/** The least that a channel must have (CEP 36), as conda-index writes it. */
const EMPTY_NOARCH: Uint8Array = Buffer.from('{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"removed":[],"repodata_version":1}')

/** Looks at upstream's index of one subdir and decides what of it is published. Faults of upstream are an outcome, not an exception. */
export async function planSubdir(wanted: WantedSubdir, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  const { subdir } = wanted
  const base = options.reader?.generation.state.subdirs.find((state) => state.subdir === subdir)
  try {
    return await planFromUpstream(wanted, base, options)
  } catch (error) {
    if (options.signal.aborted || !isMirrorError(error)) throw error
    return { status: 'failed', subdir, base, held: { subdir, code: error.code, reason: error.message, hint: error.hint } }
  }
}

async function planFromUpstream({ subdir, required }: WantedSubdir, base: SubdirState | undefined, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  const memo = await currentMemo(subdir, base, options)
  const answer = await options.client.fetchIndex(subdir, { signal: options.signal, ...(memo === undefined ? {} : { validators: memo.validators }) })
  if (answer.status === 'not-modified') {
    if (memo !== undefined && base !== undefined) return { status: 'unchanged', subdir, base, memo }
    throw new Error(`Upstream was asked without conditions for ${subdir} and answered that nothing changed`)
  }
  if (answer.status === 'absent') return await planAbsent({ subdir, required }, base, options)
  return await planFetched(answer.index, { subdir, base, memo }, options)
}

interface Known {
  readonly subdir: SubdirName
  readonly base: SubdirState | undefined
  readonly memo: UpstreamMemo | undefined
}

async function planFetched(index: FetchedIndex, { subdir, base, memo }: Known, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  if (base !== undefined && memo?.upstream === index.sha256) {
    await index.close()
    return { status: 'unchanged', subdir, base, memo: { ...memo, validators: index.validators, modified: index.modified ?? null } }
  }
  const { variant, encoded } = index
  const original = {
    source: index.document, table: index.table, sha256: index.sha256, zst: variant === 'zst' ? encoded : undefined, bz2: variant === 'bz2' ? encoded : undefined,
  }
  return { status: 'planned', plan: await planRecords({ subdir, base, original, fetched: index, failed: new Set() }, options) }
}

/** What is remembered, if it still speaks of what is published and of what is wanted. */
async function currentMemo(subdir: SubdirName, base: SubdirState | undefined, options: PlanSubdirOptions): Promise<UpstreamMemo | undefined> {
  if (base === undefined) return undefined
  const memo = await readUpstreamMemo(options.store, subdir)
  if (memo === undefined || memo.published !== base.document.sha256 || memo.choice !== options.choice) return undefined
  return memo.waiting.some(({ until }) => until <= options.now) ? undefined : memo
}

async function planAbsent(wanted: WantedSubdir, base: SubdirState | undefined, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  const { subdir, required } = wanted
  if (base !== undefined && base.artifacts.count > 0) return { status: 'vanished', subdir, base }
  if (subdir === NOARCH) return await planMadeUpNoarch(base, options)
  if (!required) return { status: 'absent', subdir }
  const held = {
    subdir, code: 'SUBDIR_MISSING', reason: `Cannot mirror ${subdir}: the channel does not have it`,
    hint: 'Check the spelling, or take it out of the configuration.',
  }
  return { status: 'failed', subdir, base, held }
}

/** The outcome for a `noarch` of our own, empty. */
export async function planMadeUpNoarch(base: SubdirState | undefined, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  const source = createBufferSource(EMPTY_NOARCH)
  const builder = createIndexTableBuilder(NOARCH)
  builder.write(EMPTY_NOARCH)
  const original = { source, table: builder.end(), sha256: sha256Of(EMPTY_NOARCH), zst: undefined, bz2: undefined }
  if (base?.document.sha256 === original.sha256) {
    const memo = { version: 1, choice: options.choice, upstream: original.sha256, published: original.sha256, validators: {}, modified: null, newest: null, leftOut: [], waiting: [] } as const
    return { status: 'unchanged', subdir: NOARCH, base, memo }
  }
  return { status: 'planned', plan: await planRecords({ subdir: NOARCH, base, original, fetched: undefined, failed: new Set() }, options) }
}

/** Input of `planRecords`: upstream's index, and the names that could not be had. */
export interface PlanRecordsInput extends Pick<SubdirPlan, 'subdir' | 'base' | 'original' | 'fetched'> {
  readonly failed: ReadonlySet<string>
  /** Given when it was read before. */
  readonly baseTable?: IndexTable | undefined
}

/** Decides what of an index is published. Called again without the artifacts that failed, for `partial`. */
export async function planRecords(input: PlanRecordsInput, options: PlanSubdirOptions): Promise<SubdirPlan> {
  const { subdir, base, original, fetched } = input
  const memo = await readUpstreamMemo(options.store, subdir)
  const baseTable = input.baseTable ?? (base === undefined ? undefined : await readBaseTable(subdir, options))
  const waited = memo !== undefined && memo.published === base?.document.sha256 ? memo.waiting : []
  const { reuse, now, grace } = options
  const decision = decideRecords({ target: original.table, base: baseTable, reuse, waiting: waited, failed: input.failed, now, grace })
  // A table of a million records is not kept without need.
  return { subdir, base, baseTable: decision.carried === undefined ? undefined : baseTable, original, fetched, decision, waited, ...planBaseUrl(subdir, original.table, options.channel) }
}

function planBaseUrl(subdir: SubdirName, table: IndexTable, channel: ChannelUrl): Pick<SubdirPlan, 'baseUrl' | 'dropBaseUrl'> {
  const given = table.skeleton.info?.['base_url']
  if (typeof given !== 'string' || given === '') return { baseUrl: undefined, dropBaseUrl: false }
  const subdirUrl = resolveSubdirUrl(channel, subdir)
  const own = isOwnBaseUrl(subdirUrl, given)
  const isRelative = !given.startsWith('/') && !given.includes('://')
  return { baseUrl: own ? undefined : resolveBaseUrl(subdirUrl, given), dropBaseUrl: !(own && isRelative) }
}

async function readBaseTable(subdir: SubdirName, { reader, signal }: PlanSubdirOptions): Promise<IndexTable | undefined> {
  const opened = await reader?.openFile(`${subdir}/repodata.json`)
  if (opened?.status !== 'found') return undefined
  const builder = createIndexTableBuilder(subdir)
  for await (const chunk of opened.body) {
    signal.throwIfAborted()
    builder.write(chunk)
  }
  return builder.end()
}

/** What the guards judge. */
export function subdirFacts(outcome: SubdirOutcome, memo: UpstreamMemo | undefined): SubdirFacts | undefined {
  if (outcome.status === 'vanished') return vanishedFacts(outcome.subdir, outcome.base)
  if (outcome.status !== 'planned') return undefined
  const { subdir, base, original, fetched, decision } = outcome.plan
  return {
    subdir,
    base: base?.artifacts.count ?? 0,
    target: original.table.rows,
    removedByUpstream: decision.comparison.removed.count,
    removedBySelection: 0,
    vanished: false,
    modified: { base: memo?.modified ?? undefined, target: fetched?.modified },
    newest: { base: memo?.newest ?? undefined, target: original.table.newest },
  }
}

function vanishedFacts(subdir: SubdirName, base: SubdirState): SubdirFacts {
  const unknown = { base: undefined, target: undefined }
  const { count } = base.artifacts
  return { subdir, base: count, target: 0, removedByUpstream: count, removedBySelection: 0, vanished: true, modified: unknown, newest: unknown }
}
