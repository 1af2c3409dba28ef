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
  for (const change of published) {
    if (!held.has(change.plan.subdir)) await writeUpstreamMemo(store, change.plan.subdir, createMemo(run, change, alongside))
  }
}

function createMemo(run: SyncRun, { plan, change }: DerivedChange, alongside: string): UpstreamMemo {
  const { original, fetched, decision, selected } = plan
  return {
    version: 1,
    // Without what failed, the index is not what upstream's says: the next run has to look again whatever the validators say.
    choice: decision.leftOut.some(({ reason }) => reason === 'failed') ? 'incomplete' : run.planning.choice,
    upstream: original.sha256,
    published: change.target.document.sha256,
    validators: fetched?.validators ?? {},
    modified: fetched?.modified ?? null,
    newest: original.table.newest ?? null,
    leftOut: decision.leftOut,
    waiting: decision.waiting,
    ...describeSelected(selected),
    ...(alongside === '' ? {} : { alongside }),
  }
}

function describeSelected(selected: SubdirSelection | undefined): Pick<UpstreamMemo, 'rules' | 'changesAt'> {
  if (selected === undefined) return {}
  const { effects, changesAt } = selected
  return { rules: effects, ...(changesAt === undefined ? {} : { changesAt }) }
}
