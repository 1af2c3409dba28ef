import { type ArtifactSet, type ChannelUrl, createIndexTableBuilder, type IndexTable, isOwnBaseUrl, resolveBaseUrl, resolveSubdirUrl, type SubdirName } from '@mirror/core'
import type { SubdirFacts, SubdirState } from '@mirror/delta'
import type { FetchedIndex } from '@mirror/repository-client'
import { decideRecords, type RecordDecision } from './decide-records.ts'
import type { OriginalIndex } from './derive-index.ts'
import type { PlanSubdirOptions, SeenSubdir } from './look-at-subdir.ts'
import type { HeldSubdir, LeftOut } from './report.ts'
import type { SubdirSelection } from './select-subdirs.ts'
import type { UpstreamMemo } from './upstream-memo.ts'

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
  /** What the selection says of its rows; undefined when all are wanted. */
  readonly selected: SubdirSelection | undefined
  readonly decision: RecordDecision
  /** Where upstream keeps the artifacts, when not beside the index. */
  readonly baseUrl: string | undefined
  /** True when the published index must lose `info.base_url`. */
  readonly dropBaseUrl: boolean
  /** What was remembered of upstream, however old. */
  readonly memo: UpstreamMemo | undefined
}

/** Decides what of a subdir that was seen is published. */
export async function planSeen(seen: SeenSubdir, selected: SubdirSelection | undefined, options: PlanSubdirOptions): Promise<SubdirOutcome> {
  return { status: 'planned', plan: await planRecords({ ...seen, selected, failed: new Set() }, options) }
}

/** Input of `planRecords`: upstream's index, and the names that could not be had. */
export interface PlanRecordsInput extends Pick<SubdirPlan, 'subdir' | 'base' | 'memo' | 'original' | 'fetched' | 'selected'> {
  readonly failed: ReadonlySet<string>
}

/** Decides what of an index is published. Called again without the artifacts that failed, for `partial`. */
export async function planRecords(input: PlanRecordsInput, options: PlanSubdirOptions): Promise<SubdirPlan> {
  const { subdir, base, memo, original, fetched, selected, failed } = input
  const baseTable = base === undefined ? undefined : await readBaseTable(subdir, options)
  const waiting = memo !== undefined && memo.published === base?.document.sha256 ? memo.waiting : []
  const { reuse, now, grace } = options
  const decision = decideRecords({ target: original.table, selected: selected?.keep, base: baseTable, reuse, waiting, failed, now, grace })
  // A table of a million records is not kept without need.
  return { subdir, base, baseTable: decision.carried === undefined ? undefined : baseTable, memo, original, fetched, selected, decision, ...planBaseUrl(subdir, original.table, options.channel) }
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

function plannedFacts({ subdir, base, memo, original, fetched, decision, selected }: SubdirPlan): SubdirFacts {
  const before = base?.artifacts.count ?? 0
  const target = original.table.rows
  const { removed } = decision.comparison
  const removedBySelection = selected?.keep === undefined ? 0 : countListed(original.table, removed)
  return steadyFacts(subdir, base, {
    target,
    removedBySelection,
    // Where the base cannot be read, its count alone tells the least that is gone.
    removedByUpstream: Math.max(removed.count - removedBySelection, before - target),
    modified: { base: memo?.modified ?? undefined, target: fetched?.modified },
    newest: { base: memo?.newest ?? undefined, target: original.table.newest },
  })
}

/** How many of some artifacts upstream still lists: it is not upstream that removes those. */
function countListed(table: IndexTable, artifacts: ArtifactSet): number {
  if (artifacts.count === 0) return 0
  let listed = 0
  for (let row = 0; row < table.rows; row += 1) if (artifacts.find(table.keyAt(row)) !== undefined) listed += 1
  return listed
}

/** Facts of a subdir to which nothing happened, and what happened after all. */
function steadyFacts(subdir: SubdirName, base: SubdirState | undefined, changes: Partial<SubdirFacts>): SubdirFacts {
  const unknown = { base: undefined, target: undefined }
  const count = base?.artifacts.count ?? 0
  return { subdir, base: count, target: count, removedByUpstream: 0, removedBySelection: 0, vanished: false, modified: unknown, newest: unknown, ...changes }
}
