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
  const { fetched, copied, present, failed, tidy } = done
  return {
    ...runFacts(run), status, generation: generation?.number, state: generation?.id, subdirs, totals: summaryTotals(subdirs), fetched, copied, present, failed, held, verdicts, tidy,
  }
}

/** Plans as they were carried out in the end (without what failed), and as unchanged where they turned out to change nothing. */
function settleOutcomes(outcomes: readonly SubdirOutcome[], status: SyncReport['status'], { published }: CarriedOut): readonly SubdirOutcome[] {
  const final = new Map(published.map(({ plan }) => [plan.subdir, plan]))
  return outcomes.map((outcome) => {
    const plan = final.get(subdirOf(outcome)) ?? (outcome.status === 'planned' ? outcome.plan : undefined)
    if (plan === undefined) return outcome
    const { subdir, base, decision } = plan
    return status === 'unchanged' && base !== undefined ? { status, subdir, base, memo: undefined, leftOut: decision.leftOut } : { status: 'planned', plan }
  })
}

function announceHeld(run: SyncRun, held: readonly HeldSubdir[]): void {
  for (const { subdir, code, reason } of held) run.observe({ type: 'subdir-held', subdir, code, reason })
}
