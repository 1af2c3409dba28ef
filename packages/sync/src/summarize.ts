import type { SubdirName } from '@mirror/core'
import type { ChangesetTotals, SubdirState } from '@mirror/delta'
import type { SubdirOutcome, SubdirPlan } from './plan-subdir.ts'
import type { SubdirSummary } from './report.ts'

const NOTHING = { add: 0, addBytes: 0, remove: 0, removeBytes: 0, reused: 0, relisted: 0 } as const

/** One line a subdir: those that were looked at, and those that the store has and nobody asked for any more. */
export function summarizeSubdirs(outcomes: readonly SubdirOutcome[], published: readonly SubdirState[], held: ReadonlySet<SubdirName>): readonly SubdirSummary[] {
  const seen = new Set(outcomes.map((outcome) => subdirOf(outcome)))
  const unselected = published.filter(({ subdir }) => !seen.has(subdir)).map((state) => summarizeState(state, 'unselected'))
  return [...outcomes.map((outcome) => summarizeOutcome(outcome, held)), ...unselected]
}

/** The subdir that an outcome is of. */
export function subdirOf(outcome: SubdirOutcome): SubdirName {
  return outcome.status === 'planned' ? outcome.plan.subdir : outcome.subdir
}

function summarizeOutcome(outcome: SubdirOutcome, held: ReadonlySet<SubdirName>): SubdirSummary {
  switch (outcome.status) {
    case 'unchanged':
      return summarizeUnchanged(outcome)
    case 'absent':
      return emptySummary(outcome.subdir, 'absent')
    case 'vanished':
      return summarizeState(outcome.base, 'held')
    case 'failed':
      return outcome.base === undefined ? emptySummary(outcome.subdir, 'held') : summarizeState(outcome.base, 'held')
    case 'planned':
      if (!held.has(outcome.plan.subdir)) return summarizePlan(outcome.plan)
      return outcome.plan.base === undefined ? emptySummary(outcome.plan.subdir, 'held') : summarizeState(outcome.plan.base, 'held')
  }
}

function summarizeUnchanged({ base, memo, leftOut }: Extract<SubdirOutcome, { readonly status: 'unchanged' }>): SubdirSummary {
  return { ...summarizeState(base, 'unchanged'), leftOut, rules: memo?.rules ?? [] }
}

/** What a plan will do to a subdir. */
export function summarizePlan(plan: SubdirPlan): SubdirSummary {
  const { subdir, original, decision, baseTable, selected } = plan
  const { added, removed, replaced, relisted } = decision.comparison
  const kept = original.table.artifacts(decision.keep)
  const carried = decision.carried === undefined ? undefined : baseTable?.artifacts(decision.carried)
  return {
    subdir,
    status: 'changed',
    records: kept.count + (carried?.count ?? 0),
    bytes: kept.bytes + (carried?.bytes ?? 0),
    add: added.count,
    addBytes: added.bytes + replaced.after.bytes,
    remove: removed.count,
    removeBytes: removed.bytes,
    reused: replaced.after.count,
    relisted,
    rules: selected?.effects ?? [],
    leftOut: decision.leftOut,
  }
}

function summarizeState(state: SubdirState, status: SubdirSummary['status']): SubdirSummary {
  return { subdir: state.subdir, status, records: state.artifacts.count, bytes: state.artifacts.bytes, ...NOTHING, rules: [], leftOut: [] }
}

function emptySummary(subdir: SubdirName, status: SubdirSummary['status']): SubdirSummary {
  return { subdir, status, records: 0, bytes: 0, ...NOTHING, rules: [], leftOut: [] }
}

/** Adds up what changes. */
export function summaryTotals(summaries: readonly SubdirSummary[]): ChangesetTotals {
  return summaries.filter(({ status }) => status === 'changed').reduce<ChangesetTotals>((total, summary) => ({
    add: total.add + summary.add,
    addBytes: total.addBytes + summary.addBytes,
    remove: total.remove + summary.remove,
    removeBytes: total.removeBytes + summary.removeBytes,
    reused: total.reused + summary.reused,
    relisted: total.relisted + summary.relisted,
  }), NOTHING)
}
