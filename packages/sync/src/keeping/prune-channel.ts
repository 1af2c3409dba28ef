import { MirrorError, NOARCH, type SubdirName } from '@mirror/core'
import { DEFAULT_LIMITS, type GuardVerdict, type SubdirState } from '@mirror/delta'
import type { Generation, StoreEvent, TidyReport } from '@mirror/store'
import type { SyncErrorCode } from '../error-codes.ts'
import type { SyncStore } from '../options.ts'
import { tidyOrThrow } from '../tidy-up.ts'
import { publishWithout } from './publish-without.ts'

/** What `pruneChannel` needs to know. */
export interface PruneOptions {
  readonly store: SyncStore
  /** The subdirs that stay; `nothing` when the whole channel is to go. */
  readonly keep: ReadonlySet<SubdirName> | 'nothing'
  /** Milliseconds that un-referenced bytes are kept. */
  readonly grace: number
  readonly maximumDeletes?: number
  /** The largest share of a channel's records that may go with its subdirs. Default 0.5. Whatever it is, not all of them may. */
  readonly selectionShare?: number
  /** Look only: nothing is written. Default false. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly observe?: (event: StoreEvent) => void
}

/** What pruning did, or would do. */
export interface PruneReport {
  readonly status: 'unchanged' | 'planned' | 'committed' | 'refused'
  /** The generation that is newest afterwards; undefined for a store that has none. */
  readonly generation: number | undefined
  /** Subdirs that left the configuration, with what they list. */
  readonly withdrawn: readonly { readonly subdir: SubdirName; readonly artifacts: number; readonly bytes: number }[]
  readonly verdicts: readonly GuardVerdict[]
  /** What was removed from the disk, and what waits. Undefined when a guard refused, or another run holds the store. */
  readonly tidy: TidyReport | undefined
}

/**
 * Withdraws the subdirs that are not to stay, then removes what is due. What is withdrawn waits for the grace like everything else. Throws `STORE_LOCKED`, `STORE_CONTENDED`, and what the
 * store throws.
 */
export async function pruneChannel(options: PruneOptions): Promise<PruneReport> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const report = await attemptPrune(options)
    if (report !== undefined) return report
  }
  throw new MirrorError<SyncErrorCode>('STORE_CONTENDED', `Cannot prune: the mirror changed under the run ${ROUNDS} times`, { hint: 'See what else writes to this mirror, then try again.' })
}

const ROUNDS = 3

/** Undefined when the store moved on meanwhile. */
async function attemptPrune(options: PruneOptions): Promise<PruneReport | undefined> {
  const head = await options.store.head()
  if (head === undefined) return { status: 'unchanged', generation: undefined, withdrawn: [], verdicts: [], tidy: await tidy(options) }
  const gone = head.state.subdirs.filter((state) => !stays(state, options))
  const withdrawn = gone.map(({ subdir, artifacts }) => ({ subdir, artifacts: artifacts.count, bytes: artifacts.bytes }))
  const report = { generation: head.number, withdrawn, verdicts: judge(head, withdrawn, options), tidy: undefined }
  if (report.verdicts.length > 0) return { ...report, status: 'refused' }
  if (gone.length === 0 && (options.keep !== 'nothing' || head.state.files.length === 0)) return { ...report, status: 'unchanged', tidy: await tidy(options) }
  if (options.dryRun === true) return { ...report, status: 'planned', tidy: await tidy(options) }
  const { store, observe, signal = new AbortController().signal } = options
  const generation = await publishWithout({ store, head, gone, everything: options.keep === 'nothing', signal, observe })
  return generation === undefined ? undefined : { ...report, status: 'committed', generation: generation.number, tidy: await tidy(options) }
}

/** An empty noarch is there because a channel has to have one. */
function stays({ subdir, artifacts }: SubdirState, { keep }: PruneOptions): boolean {
  return keep !== 'nothing' && (keep.has(subdir) || (subdir === NOARCH && artifacts.count === 0))
}

/** Forgetting a line of the configuration must not cost the mirror. */
function judge(head: Generation, withdrawn: PruneReport['withdrawn'], { keep, selectionShare = DEFAULT_LIMITS.selectionShare }: PruneOptions): readonly GuardVerdict[] {
  if (keep === 'nothing') return []
  const all = head.state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.count, 0)
  const going = withdrawn.reduce((sum, { artifacts }) => sum + artifacts, 0)
  if (going === 0) return []
  const names = withdrawn.map(({ subdir }) => subdir).join(', ')
  const verdict = { guard: 'selection', severity: 'refuse', subdir: undefined } as const
  if (going === all) return [{ ...verdict, override: undefined, message: `Cannot prune ${names}: nothing of the channel would be left` }]
  if (going <= selectionShare * all) return []
  return [{ ...verdict, override: '--allow-selection', message: `Cannot prune ${names}: that is ${going} of the ${all} records of the channel` }]
}

async function tidy(options: PruneOptions): Promise<TidyReport> {
  return await tidyOrThrow(options, () => new MirrorError<SyncErrorCode>('STORE_LOCKED', 'Cannot tidy the mirror: another run works on it', { hint: 'Wait until it has ended; it needs no help and leaves no lock behind.' }))
}
