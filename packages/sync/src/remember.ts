import type { SubdirName } from '@mirror/core'
import type { DerivedChange } from './derive-change.ts'
import type { SubdirOutcome } from './plan-subdir.ts'
import type { SyncRun } from './run.ts'
import type { SubdirSelection } from './select-subdirs.ts'
import { type UpstreamMemo, writeUpstreamMemo } from './upstream-memo.ts'

/** What to remember after a round. */
export interface RememberOptions {
  readonly outcomes: readonly SubdirOutcome[]
  /** What the channels alongside had. */
  readonly alongside: string
  /** What is published now, or was already. */
  readonly published: readonly DerivedChange[]
  /** Subdirs that stayed as they were: nothing of them is remembered. */
  readonly held: ReadonlySet<string>
}

/** Notes what upstream had, so that the next run can ask whether that changed. */
export async function remember(run: SyncRun, { outcomes, alongside, published, held }: RememberOptions): Promise<void> {
  const { store } = run.options
  for (const outcome of outcomes) if (outcome.status === 'unchanged' && outcome.memo !== undefined) await writeUpstreamMemo(store, outcome.subdir, outcome.memo)
  const again = subdirsToLookAtAgain(run, published)
  for (const change of published) {
    const { subdir } = change.plan
    if (!held.has(subdir)) await writeUpstreamMemo(store, subdir, { ...createMemo(run, change, alongside), ...again.has(subdir) ? { choice: INCOMPLETE } : {} })
  }
}

/** Without what could not be had, an index is not what upstream's says: the next run has to look again whatever the validators say. */
const INCOMPLETE = 'incomplete'

function subdirsToLookAtAgain({ skipped }: SyncRun, published: readonly DerivedChange[]): ReadonlySet<SubdirName> {
  const lacking = published.filter(({ plan }) => skipped.has(plan.subdir) || plan.decision.leftOut.some(({ reason }) => reason === 'failed'))
  // A look at any of them brings the files of the whole channel: the smallest costs least.
  const [smallest] = skipped.has(undefined) ? published.filter(({ plan }) => plan.fetched !== undefined).toSorted((left, right) => left.change.target.artifacts.count - right.change.target.artifacts.count) : []
  return new Set([...lacking, ...smallest === undefined ? [] : [smallest]].map(({ plan }) => plan.subdir))
}

function createMemo(run: SyncRun, { plan, change }: DerivedChange, alongside: string): UpstreamMemo {
  const { original, fetched, decision, selected, baseUrl } = plan
  return {
    version: 1,
    choice: run.planning.choice,
    url: run.channelName,
    upstream: original.sha256,
    published: change.target.document.sha256,
    validators: fetched?.validators ?? {},
    modified: fetched?.modified ?? null,
    newest: original.table.newest ?? null,
    leftOut: decision.leftOut,
    waiting: decision.waiting,
    ...describeSelected(selected),
    ...(alongside === '' ? {} : { alongside }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
  }
}

function describeSelected(selected: SubdirSelection | undefined): Pick<UpstreamMemo, 'rules' | 'changesAt'> {
  if (selected === undefined) return {}
  const { effects, changesAt } = selected
  return { rules: effects, ...(changesAt === undefined ? {} : { changesAt }) }
}
