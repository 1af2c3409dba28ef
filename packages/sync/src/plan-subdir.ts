import {
  type ChannelUrl, createIndexTableBuilder, createBufferSource, type IndexTable, isMirrorError, isOwnBaseUrl, NOARCH, resolveBaseUrl, resolveSubdirUrl, type SubdirName,
} from '@mirror/core'
import type { ChannelState, SubdirFacts, SubdirState } from '@mirror/delta'
import type { FetchedIndex, RepositoryClient } from '@mirror/repository-client'
import type { Store, StoreReader } from '@mirror/store'
import { decideRecords, type RecordDecision } from './decide-records.ts'
import { type OriginalIndex, sha256Of } from './derive-index.ts'
import type { ReusePolicy, WantedSubdir } from './options.ts'
import type { HeldSubdir, LeftOut } from './report.ts'
import { readUpstreamMemo, type UpstreamMemo } from './upstream-memo.ts'

/** What is known of one subdir before anything is fetched but its index. */
export type SubdirOutcome =
  /** What is published follows from what upstream has now. `memo` is what to remember of it; undefined for what is not upstream's. */
  | { readonly status: 'unchanged'; readonly subdir: SubdirName; readonly base: SubdirState; readonly memo: UpstreamMemo | undefined; readonly leftOut: readonly LeftOut[] }
  /** Neither upstream nor the store has it. */
  | { readonly status: 'absent'; readonly subdir: SubdirName }
  | { readonly status: 'vanished'; readonly subdir: SubdirName; readonly base: SubdirState }
  | { readonly status: 'failed'; readonly subdir: SubdirName; readonly base: SubdirState | undefined; readonly held: HeldSubdir }
  | { readonly status: 'planned'; readonly plan: SubdirPlan }

/** A subdir whose index is to be published anew. */
export interface SubdirPlan {
  readonly subdir: SubdirName
  /** What was published last. */
  readonly base: SubdirState | undefined
  /** Its records, where `decision.carried` takes some over. */
  readonly baseTable: IndexTable | undefined
  readonly original: OriginalIndex
  /** Undefined for the `noarch` that is made up where upstream has none. */
  readonly fetched: FetchedIndex | undefined
  readonly decision: RecordDecision
  /** Where upstream keeps the artifacts, when not beside the index. */
  readonly baseUrl: string | undefined
  /** True when the published index must lose `info.base_url`. */
  readonly dropBaseUrl: boolean
  /** What was remembered of upstream, however old. */
  readonly memo: UpstreamMemo | undefined
}

/** What planning a subdir needs. */
export interface PlanSubdirOptions {
  readonly channel: ChannelUrl
  readonly client: RepositoryClient
  readonly store: Store
  /** What was published last. */
  readonly published: ChannelState | undefined
  /** Reads it; undefined when it cannot be believed: then the indexes are planned as if nothing were there, and judged by what was. */
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
  const base = options.published?.subdirs.find((state) => state.subdir === subdir)
  try {
    return await planFromUpstream(wanted, { subdir, base, memo: await readUpstreamMemo(options.store, subdir) }, options)
  } catch (error) {
    if (options.signal.aborted || !isMirrorError(error)) throw error
    return { status: 'failed', subdir, base, held: { subdir, code: error.code, reason: error.message, hint: error.hint } }
  }
}

async function planFromUpstream(wanted: WantedSubdir, known: Known, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  const { subdir, base } = known
  const memo = isCurrent(known, options) ? known.memo : undefined
  const answer = await options.client.fetchIndex(subdir, { signal: options.signal, ...(memo === undefined ? {} : { validators: memo.validators }) })
  if (answer.status === 'not-modified') {
    if (memo !== undefined && base !== undefined) return { status: 'unchanged', subdir, base, memo, leftOut: memo.leftOut }
    throw new Error(`Upstream was asked without conditions for ${subdir} and answered that nothing changed`)
  }
  if (answer.status === 'absent') return await planAbsent(wanted, base, options)
  return await planFetched(answer.index, known, options)
}

/** What is known of a subdir before upstream is asked. */
interface Known {
  readonly subdir: SubdirName
  readonly base: SubdirState | undefined
  readonly memo: UpstreamMemo | undefined
}

/** Whether what is remembered still speaks of what is published, and of what is wanted. */
function isCurrent({ base, memo }: Known, { reader, choice, now }: PlanSubdirOptions): boolean {
  if (reader === undefined || base === undefined || memo === undefined) return false
  return memo.published === base.document.sha256 && memo.choice === choice && memo.waiting.every(({ until }) => until > now)
}

async function planFetched(index: FetchedIndex, known: Known, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  const { subdir, base, memo } = known
  if (base !== undefined && memo?.upstream === index.sha256 && isCurrent(known, options)) {
    await index.close()
    return { status: 'unchanged', subdir, base, memo: { ...memo, validators: index.validators, modified: index.modified ?? null }, leftOut: memo.leftOut }
  }
  const { variant, encoded } = index
  const original = {
    source: index.document, table: index.table, sha256: index.sha256, zst: variant === 'zst' ? encoded : undefined, bz2: variant === 'bz2' ? encoded : undefined,
  }
  return { status: 'planned', plan: await planRecords({ ...known, original, fetched: index, failed: new Set() }, options) }
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
  if (options.reader !== undefined && base?.document.sha256 === original.sha256) return { status: 'unchanged', subdir: NOARCH, base, memo: undefined, leftOut: [] }
  return { status: 'planned', plan: await planRecords({ subdir: NOARCH, base, memo: undefined, original, fetched: undefined, failed: new Set() }, options) }
}

/** Input of `planRecords`: upstream's index, and the names that could not be had. */
export interface PlanRecordsInput extends Pick<SubdirPlan, 'subdir' | 'base' | 'memo' | 'original' | 'fetched'> {
  readonly failed: ReadonlySet<string>
}

/** Decides what of an index is published. Called again without the artifacts that failed, for `partial`. */
export async function planRecords(input: PlanRecordsInput, options: PlanSubdirOptions): Promise<SubdirPlan> {
  const { subdir, base, memo, original, fetched, failed } = input
  const baseTable = base === undefined ? undefined : await readBaseTable(subdir, options)
  const waiting = memo !== undefined && memo.published === base?.document.sha256 ? memo.waiting : []
  const { reuse, now, grace } = options
  const decision = decideRecords({ target: original.table, base: baseTable, reuse, waiting, failed, now, grace })
  // A table of a million records is not kept without need.
  return { subdir, base, baseTable: decision.carried === undefined ? undefined : baseTable, memo, original, fetched, decision, ...planBaseUrl(subdir, original.table, options.channel) }
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

/** What the guards judge; undefined for a subdir about which there is nothing to say. */
export function subdirFacts(outcome: SubdirOutcome): SubdirFacts | undefined {
  switch (outcome.status) {
    case 'absent':
    case 'failed':
      return undefined
    case 'vanished':
      return steadyFacts(outcome.subdir, outcome.base, { target: 0, removedByUpstream: outcome.base.artifacts.count, vanished: true })
    case 'unchanged': {
      const modified = outcome.memo?.modified ?? undefined
      return steadyFacts(outcome.subdir, outcome.base, { modified: { base: modified, target: modified } })
    }
    case 'planned':
      return plannedFacts(outcome.plan)
  }
}

function plannedFacts({ subdir, base, memo, original, fetched, decision }: SubdirPlan): SubdirFacts {
  const before = base?.artifacts.count ?? 0
  const target = original.table.rows
  return steadyFacts(subdir, base, {
    target,
    // Where the base cannot be read, its count alone tells the least that is gone.
    removedByUpstream: Math.max(decision.comparison.removed.count, before - target),
    modified: { base: memo?.modified ?? undefined, target: fetched?.modified },
    newest: { base: memo?.newest ?? undefined, target: original.table.newest },
  })
}

/** Facts of a subdir to which nothing happened, and what happened after all. */
function steadyFacts(subdir: SubdirName, base: SubdirState | undefined, changes: Partial<SubdirFacts>): SubdirFacts {
  const unknown = { base: undefined, target: undefined }
  const count = base?.artifacts.count ?? 0
  return { subdir, base: count, target: count, removedByUpstream: 0, removedBySelection: 0, vanished: false, modified: unknown, newest: unknown, ...changes }
}
