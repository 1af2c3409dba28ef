import { NOARCH } from '@mirror/core'
import { type AlongsideLook, lookAlongside } from './alongside.ts'
import { planningOn } from './carry-out.ts'
import { type Ground, stateOf } from './ground.ts'
import { lookAtMadeUpNoarch, lookAtSubdir, type PlanSubdirOptions, type SubdirLook } from './look-at-subdir.ts'
import { planSeen, type SubdirOutcome } from './plan-subdir.ts'
import type { SyncRun } from './run.ts'
import { completeLooks, crossesSubdirs, selectSubdirs } from './select-subdirs.ts'

/** Indexes read at the same time: each may take as much memory as its subdir is large. */
const INDEXES_AT_ONCE = 4

/** What is to be published of every subdir. */
export interface PlannedSubdirs {
  readonly outcomes: readonly SubdirOutcome[]
  /** What the channels alongside had, for the next run to compare. */
  readonly alongside: string
}

/** Looks at every subdir, selects, and decides what of each is published. What it opens is in `looks`, for the caller to close, also when it throws. */
export async function planSubdirs(run: SyncRun, ground: Ground, looks: SubdirLook[]): Promise<PlannedSubdirs> {
  const planning = planningOn(run, ground)
  await lookAtAll(run, planning, looks)
  const { selection, alongside: channels = [] } = run.options
  const isCrossing = selection !== undefined && crossesSubdirs(selection)
  const alongside = await lookAlongside(isCrossing ? channels : [], { now: run.started, signal: run.signal })
  try {
    if (isCrossing) looks.push(...await completeLooks(looks.splice(0), { run, planning, alongside }))
    if (run.wanted.every(({ subdir }) => subdir !== NOARCH)) {
      const base = stateOf(ground)?.subdirs.find(({ subdir }) => subdir === NOARCH)
      if (base === undefined || base.artifacts.count === 0) looks.unshift(lookAtMadeUpNoarch(base, planning))
    }
    return { outcomes: await planAll(run, looks, { planning, alongside }), alongside: alongside.fingerprint }
  } finally {
    await alongside.close()
  }
}

async function planAll(run: SyncRun, looks: readonly SubdirLook[], { planning, alongside }: { readonly planning: PlanSubdirOptions; readonly alongside: AlongsideLook }): Promise<readonly SubdirOutcome[]> {
  const selected = await selectSubdirs(looks, run, alongside)
  const outcomes: SubdirOutcome[] = []
  for (const look of looks) outcomes.push(look.status === 'seen' ? await planSeen(look, selected.get(look.subdir), planning) : look)
  return outcomes
}

/** Several at once, because most of the time goes by waiting; told and kept in the order of the configuration, also those that came before a failure. */
async function lookAtAll(run: SyncRun, planning: PlanSubdirOptions, looks: SubdirLook[]): Promise<void> {
  const queue = run.wanted.entries()
  const found: (SubdirLook | undefined)[] = []
  let told = 0
  const tell = (): void => {
    for (let look = found[told]; look !== undefined; look = found[told]) {
      run.observe({ type: 'index-checked', subdir: look.subdir, result: CHECKED[look.status] })
      told += 1
    }
  }
  const work = async (): Promise<void> => {
    for (const [position, wanted] of queue) {
      found[position] = await lookAtSubdir(wanted, planning)
      tell()
    }
  }
  const settled = await Promise.allSettled(Array.from({ length: INDEXES_AT_ONCE }, work))
  looks.push(...found.filter((look) => look !== undefined))
  for (const result of settled) if (result.status === 'rejected') throw result.reason
}

const CHECKED = { unchanged: 'not-modified', absent: 'absent', vanished: 'absent', seen: 'fetched', failed: 'failed' } as const
