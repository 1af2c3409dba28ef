import { MirrorError } from '@mirror/core'
import { checkBudget, checkGuards, type GuardVerdict, isEmptyChangeset } from '@mirror/delta'
import { buildChangeset } from './build-changeset.ts'
import { type CarriedOut, carryOut, changesOf, NOTHING_CARRIED_OUT } from './carry-out.ts'
import { createReport } from './create-report.ts'
import { deriveChannelFiles, fetchChannelFiles } from './derivatives/derive-channel-files.ts'
import { deriveChange, type DerivedChange } from './derive-change.ts'
import { type Ground, readGround, stateOf } from './ground.ts'
import type { SyncOptions } from './options.ts'
import { closeLook, type SubdirLook } from './look-at-subdir.ts'
import { type SubdirOutcome, subdirFacts } from './plan-subdir.ts'
import { planSubdirs } from './plan-subdirs.ts'
import { remember } from './remember.ts'
import type { SyncReport } from './report.ts'
import { createRun, type SyncRun, warn } from './run.ts'
import { createSpoolSpace, type SpoolSpace } from './spool-space.ts'
import { summarizePlan, summarizeSubdirs, summaryTotals } from './summarize.ts'
import { tidyUp } from './tidy-up.ts'

/** How often a run plans again because upstream or the store moved on under it. */
const ROUNDS = 3

/**
 * Brings a store to the state of a channel: reads the indexes, decides, judges, fetches what is missing, publishes, tidies. At every instant every artifact that
 * a published index lists is there, whole. What upstream gets wrong is in the report (`held`, `failed`, `verdicts`), and leaves the mirror as it was.
 * Throws `STORE_LOCKED` when another run works on the store, `STORE_CONTENDED` when it keeps changing, and what the store throws.
 */
export async function syncChannel(options: SyncOptions): Promise<SyncReport> {
  const run = createRun(options)
  for (let round = 1; round <= ROUNDS; round += 1) {
    using spool = createSpoolSpace(options.spoolFolder)
    const report = await attemptSync(run, spool, round === ROUNDS)
    if (report !== undefined) return report
    run.observe({ type: 'upstream-moved', round })
  }
  throw new MirrorError('STORE_CONTENDED', `Cannot bring the mirror of ${run.channelName} up to date: it changed under the run ${ROUNDS} times`, {
    hint: 'See what else writes to this mirror, then run the sync again.',
  })
}

interface Attempt {
  readonly run: SyncRun
  readonly spool: SpoolSpace
  readonly ground: Ground
  readonly outcomes: readonly SubdirOutcome[]
  readonly alongside: string
  readonly verdicts: readonly GuardVerdict[]
}

/** One round; undefined when the ground moved and another round should plan anew. */
async function attemptSync(run: SyncRun, spool: SpoolSpace, isLast: boolean): Promise<SyncReport | undefined> {
  run.skipped.clear()
  const ground = await readGround(run)
  const looks: SubdirLook[] = []
  try {
    const { outcomes, alongside } = await planSubdirs(run, ground, looks)
    if (!isFound(outcomes, ground)) return reportNotFound(run, { ground, outcomes, verdicts: [] })
    const attempt = { run, spool, ground, outcomes, alongside, verdicts: judge(run, ground, outcomes) }
    announce(attempt)
    if (attempt.verdicts.some(({ severity }) => severity === 'refuse')) return createReport(run, 'refused', attempt)
    if (run.options.dryRun === true) return createReport(run, 'planned', attempt)
    return await publish(attempt, isLast)
  } finally {
    for (const look of looks) await closeLook(look)
  }
}

/** False when upstream showed nothing at all, and nothing of it was ever mirrored. */
function isFound(outcomes: readonly SubdirOutcome[], { head }: Ground): boolean {
  return head !== undefined || outcomes.some((outcome) => outcome.status === 'planned' && outcome.plan.fetched !== undefined)
}

function reportNotFound(run: SyncRun, options: { readonly ground: Ground; readonly outcomes: readonly SubdirOutcome[]; readonly verdicts: readonly GuardVerdict[] }): SyncReport {
  if (options.outcomes.some(({ status }) => status === 'failed')) return createReport(run, 'held', options)
  throw new MirrorError('CHANNEL_NOT_FOUND', `Cannot mirror ${run.channelName}: upstream has none of the subdirs asked for, and no noarch`, {
    hint: 'Check the URL of the channel, its token, and the platforms.',
  })
}

function judge(run: SyncRun, ground: Ground, outcomes: readonly SubdirOutcome[]): readonly GuardVerdict[] {
  const verdicts = [...checkGuards(outcomes.map(subdirFacts).filter((facts) => facts !== undefined), run.limits, run.started), ...judgeSize(run, ground, outcomes)]
  for (const verdict of verdicts) run.observe({ type: 'guard', verdict })
  return verdicts
}

/** What the channel would hold, subdirs that nobody asks for any more included: they are there until they are pruned. */
function judgeSize({ options: { budget }, channelName }: SyncRun, ground: Ground, outcomes: readonly SubdirOutcome[]): readonly GuardVerdict[] {
  if (budget === undefined) return []
  const subdirs = summarizeSubdirs(outcomes, stateOf(ground)?.subdirs ?? [], new Set())
  const held = subdirs.reduce((sum, { records, bytes }) => ({ artifacts: sum.artifacts + records, bytes: sum.bytes + bytes }), { artifacts: 0, bytes: 0 })
  return checkBudget(channelName, held, budget)
}

/** Tells the plan, and what in it deserves a warning. */
function announce({ run, outcomes }: Attempt): void {
  const planned = outcomes.filter((outcome) => outcome.status === 'planned').map(({ plan }) => plan)
  const summaries = planned.map(summarizePlan)
  for (const summary of summaries) run.observe({ type: 'subdir-planned', summary })
  run.observe({ type: 'planned', totals: summaryTotals(summaries) })
  for (const { subdir, decision, fetched, original } of planned) {
    for (const message of fetched?.warnings ?? []) warn(run, { code: 'UPSTREAM', subdir, message })
    warnOfReusedNames(run, decision.comparison.replaced)
    const weak = original.table.weak
    if (weak > 0) warn(run, { code: 'MD5_ONLY', subdir, message: `${weak} records of ${subdir} have no sha256; their artifacts are verified by md5 alone` })
    if (decision.leftOut.length > 0) {
      warn(run, { code: 'LEFT_OUT', subdir, message: `${decision.leftOut.length} records of ${subdir} are not published` })
    }
  }
}

function warnOfReusedNames(run: SyncRun, { before, after }: DerivedChange['change']['reused']): void {
  for (const artifact of after) {
    const old = before.find(artifact.name)
    const message = `Upstream re-used the name ${artifact.subdir}/${artifact.name}: it was ${old?.digest ?? 'unknown'} and is ${artifact.digest} now`
    warn(run, { code: 'NAME_REUSED', subdir: artifact.subdir, message })
  }
}

async function publish(attempt: Attempt, isLast: boolean): Promise<SyncReport | undefined> {
  const { run, ground, outcomes, alongside, spool } = attempt
  const derived: DerivedChange[] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'planned') derived.push(await deriveChange(outcome.plan, { ...run.deriving, reader: ground.reader, spool }))
  }
  const channelFiles = derived.length === 0 ? undefined : await fetchChannelFiles(run)
  const files = await deriveChannelFiles(channelFiles, derived, { run, ground })
  const changeset = buildChangeset(stateOf(ground), { changes: changesOf(derived, ground), files: files?.map(({ file }) => file), isDistrusted: ground.isDistrusted })
  if (isEmptyChangeset(changeset)) {
    await remember(run, { outcomes, alongside, published: derived, held: new Set() })
    const tidy = await tidyUp(run)
    return createReport(run, outcomes.some(({ status }) => status === 'failed') ? 'held' : 'unchanged', { ...attempt, done: { ...NOTHING_CARRIED_OUT, tidy } })
  }
  const done = await carryOut({ run, spool, ground, derived, channelFiles, files: files ?? [], changeset, isLast })
  if (done === undefined) return undefined
  await remember(run, { outcomes, alongside, published: done.published, held: new Set(done.held.map(({ subdir }) => subdir)) })
  return createReport(run, statusOf(done), { ...attempt, done })
}

/** Without those artifacts that failed, there may be nothing new to publish. */
function statusOf({ generation, held }: CarriedOut): SyncReport['status'] {
  if (generation !== undefined) return 'committed'
  return held.length > 0 ? 'held' : 'unchanged'
}
