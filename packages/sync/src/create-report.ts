import type { GuardVerdict } from '@mirror/delta'
import { type CarriedOut, NOTHING_CARRIED_OUT } from './carry-out.ts'
import type { Ground } from './ground.ts'
import type { SubdirOutcome } from './plan-subdir.ts'
import type { HeldSubdir, SyncReport } from './report.ts'
import { runFacts, type SyncRun } from './run.ts'
import { subdirOf, summarizeSubdirs, summaryTotals } from './summarize.ts'

/** What a report is made from. */
export interface CreateReportOptions {
  readonly ground: Ground
  readonly outcomes: readonly SubdirOutcome[]
  readonly verdicts: readonly GuardVerdict[]
  /** What was carried out; left out when it did not come to that. */
  readonly done?: CarriedOut
}

/** The report of a run, and the last events of it. */
export function createReport(run: SyncRun, status: SyncReport['status'], { ground, outcomes, verdicts, done = NOTHING_CARRIED_OUT }: CreateReportOptions): SyncReport {
  const held = [...outcomes.flatMap((outcome) => (outcome.status === 'failed' ? [outcome.held] : [])), ...done.held]
  announceHeld(run, held)
  const generation = done.generation ?? ground.head
  const settled = settleOutcomes(outcomes, status, done)
  const subdirs = summarizeSubdirs(settled, generation?.state.subdirs ?? [], new Set(held.map(({ subdir }) => subdir)))
  const { fetched, present, failed, tidy } = done
  return {
    ...runFacts(run), status, generation: generation?.number, state: generation?.id, subdirs, totals: summaryTotals(subdirs), fetched, present, failed, held, verdicts, tidy,
  }
}

/** Plans as they were carried out in the end (without what failed), or as unchanged where they turned out to change nothing. */
function settleOutcomes(outcomes: readonly SubdirOutcome[], status: SyncReport['status'], { published }: CarriedOut): readonly SubdirOutcome[] {
  if (status === 'unchanged') return outcomes.map(settleUnchanged)
  const final = new Map(published.map(({ plan }) => [plan.subdir, plan]))
  return outcomes.map((outcome) => {
    const plan = final.get(subdirOf(outcome))
    return plan === undefined ? outcome : { status: 'planned', plan }
  })
}

function settleUnchanged(outcome: SubdirOutcome): SubdirOutcome {
  if (outcome.status !== 'planned' || outcome.plan.base === undefined) return outcome
  const { subdir, base, original, decision } = outcome.plan
  const memo = { version: 1, choice: '', upstream: original.sha256, published: original.sha256, validators: {}, modified: null, newest: null, waiting: [] } as const
  return { status: 'unchanged', subdir, base, memo: { ...memo, leftOut: decision.leftOut } }
}

function announceHeld(run: SyncRun, held: readonly HeldSubdir[]): void {
  for (const { subdir, code, reason } of held) run.observe({ type: 'subdir-held', subdir, code, reason })
}
