import { type Artifact, type ArtifactSet, type IndexTable, isMirrorError, MirrorError, type SubdirName } from '@mirror/core'
import { checkGuards, type GuardVerdict } from '@mirror/delta'
import type { RepositoryClient } from '@mirror/repository-client'
import { createMemoryStore } from '@mirror/store'
import { closeLook, type SubdirLook } from '../look-at-subdir.ts'
import { readGround } from '../ground.ts'
import type { SubdirOutcome, SubdirPlan } from '../plan-subdir.ts'
import { planSubdirs } from '../plan-subdirs.ts'
import type { HeldSubdir } from '../report.ts'
import { createRun, type SyncRun, warn } from '../run.ts'
import { subdirOf } from '../summarize.ts'
import { type CarriedUploads, carryOutUploads } from './carry-out-uploads.ts'
import { checkTarget, type CheckedTarget } from './check-target.ts'
import { compareWithTarget, removalFacts, type UploadDifference } from './plan-upload.ts'
import type { UploadOptions } from './upload-options.ts'
import type { UploadReport, UploadSummary } from './upload-report.ts'

/** One subdir, planned. */
interface PlannedUpload {
  readonly summary: UploadSummary
  readonly difference: UploadDifference
  readonly listed: ArtifactSet
  readonly plan: SubdirPlan | undefined
}

interface UploadRun {
  readonly run: SyncRun
  readonly options: UploadOptions
  readonly observe: NonNullable<UploadOptions['observe']>
}

interface PlannedTarget {
  readonly planned: readonly PlannedUpload[]
  readonly held: readonly HeldSubdir[]
  readonly verdicts: readonly GuardVerdict[]
}

const UPLOADS_AT_ONCE = 4
const MOST_REMOVALS = 1000

/**
 * Brings a channel of a repository server to what is selected of an upstream channel: reads the indexes of both, plans, uploads what is missing, several at once, removes what upstream lists no more
 * where that is asked for and nothing failed, and asks the target whether it has what it took. What goes wrong with one artifact is in the report and does not stop the others. Running it again does
 * what is left. Throws `CHANNEL_NOT_FOUND`, what `UploadTarget.check` and `list` throw, and the signal's reason when it is aborted.
 */
export async function uploadChannel(options: UploadOptions): Promise<UploadReport> {
  const { channel, client, subdirs, spoolFolder, target, observe = () => {}, signal } = options
  const { selection, alongside, noarch, limits, now } = options
  const run = createRun({
    // Nothing is kept here: with a store that has nothing, what is planned is all that is wanted.
    store: createMemoryStore(), channel, client, subdirs, spoolFolder, observe, dryRun: true,
    ...(selection === undefined ? {} : { selection }), ...(alongside === undefined ? {} : { alongside }), ...(noarch === undefined ? {} : { noarch }),
    ...(limits === undefined ? {} : { limits }), ...(now === undefined ? {} : { now }), ...(signal === undefined ? {} : { signal }),
  })
  await target.check({ signal: run.signal })
  const looks: SubdirLook[] = []
  try {
    const { outcomes } = await planSubdirs(run, await readGround(run), looks)
    assertFound(run, outcomes)
    return await uploadPlanned({ run, options, observe }, outcomes)
  } finally {
    for (const look of looks) await closeLook(look)
  }
}

function assertFound({ channelName }: SyncRun, outcomes: readonly SubdirOutcome[]): void {
  if (outcomes.some((outcome) => outcome.status === 'failed' || (outcome.status === 'planned' && outcome.plan.fetched !== undefined))) return
  throw new MirrorError('CHANNEL_NOT_FOUND', `Cannot upload ${channelName}: upstream has none of the subdirs asked for, and no noarch`, {
    hint: 'Check the URL of the channel, its token, and the platforms.',
  })
}

async function uploadPlanned(uploading: UploadRun, outcomes: readonly SubdirOutcome[]): Promise<UploadReport> {
  const { run, options } = uploading
  const target = await planTarget(uploading, outcomes)
  if (target.verdicts.some(({ severity }) => severity === 'refuse')) return createUploadReport(uploading, target, { status: 'refused' })
  if (target.held.length > 0 && target.planned.every(({ plan }) => plan === undefined)) return createUploadReport(uploading, target, { status: 'held' })
  if (options.dryRun === true) return createUploadReport(uploading, target, { status: 'planned' })
  const { replace = false } = options
  const done = await carryOutUploads({
    ...options,
    target: options.target,
    mirror: options.mirror,
    uploads: target.planned.flatMap(({ difference }) => (replace ? [difference.upload, difference.replacements] : [difference.upload])),
    baseUrls: new Map(target.planned.flatMap(({ plan }) => (plan?.baseUrl === undefined ? [] : [[plan.subdir, plan.baseUrl] as const]))),
    replace,
    concurrency: options.concurrency ?? UPLOADS_AT_ONCE,
    signal: run.signal,
    observe: uploading.observe,
  })
  return await finishUpload(uploading, target, done)
}

/** What was uploaded is there whatever comes after: a target that cannot be asked any more does not undo the report. */
async function finishUpload(uploading: UploadRun, target: PlannedTarget, done: CarriedUploads): Promise<UploadReport> {
  const { run, options, observe } = uploading
  const isWhole = done.stopped === undefined && done.failed.length === 0 && target.held.length === 0
  let checked: CheckedTarget = { unlisted: [], lost: [] }
  let removed: Removed = { removed: 0, notRemoved: 0 }
  let stopped = done.stopped
  try {
    if (stopped === undefined) checked = await checkTarget(done.taken, { target: options.target, ...(options.listing === undefined ? {} : { listing: options.listing }), signal: run.signal, observe })
    removed = await removeArtifacts(uploading, target, isWhole && checked.lost.length === 0)
  } catch (error) {
    run.signal.throwIfAborted()
    if (!isMirrorError(error)) throw error
    stopped = error
  }
  const isChanged = done.uploaded.artifacts + removed.removed > 0
  return createUploadReport(uploading, target, { status: stopped === undefined ? (isChanged ? 'uploaded' : 'unchanged') : 'stopped', done, checked, removed, stopped })
}

async function planTarget({ run, options, observe }: UploadRun, outcomes: readonly SubdirOutcome[]): Promise<PlannedTarget> {
  const planned: PlannedUpload[] = []
  const held: HeldSubdir[] = []
  for (const outcome of outcomes) {
    if (outcome.status === 'failed') {
      held.push(outcome.held)
      observe({ type: 'subdir-held', subdir: outcome.held.subdir, code: outcome.held.code, reason: outcome.held.reason })
    } else planned.push(await planOne(outcome, { run, options, observe }))
  }
  warnOfUpstream(run, planned)
  // Of a subdir that upstream does not have, nothing is removed.
  const facts = options.clean === true ? planned.flatMap(({ difference, listed, plan }) => (plan === undefined ? [] : [removalFacts(difference, listed, plan.original.table)])) : []
  const verdicts = checkGuards(facts, run.limits, run.started)
  for (const verdict of verdicts) observe({ type: 'guard', verdict })
  const sum = (value: (summary: UploadSummary) => number): number => planned.reduce((total, { summary }) => total + value(summary), 0)
  observe({
    type: 'upload-planned', upload: sum(({ upload }) => upload), uploadBytes: sum(({ uploadBytes }) => uploadBytes), present: sum(({ present }) => present),
    conflicts: sum(({ conflicts }) => conflicts), remove: sum(({ remove }) => remove), removeBytes: sum(({ removeBytes }) => removeBytes),
  })
  return { planned, held, verdicts }
}

async function planOne(outcome: SubdirOutcome, { run, options: { target, clean = false, others: clients = [] }, observe }: UploadRun): Promise<PlannedUpload> {
  const subdir = subdirOf(outcome)
  // The noarch that a mirror gets where upstream has none is nothing to upload.
  const plan = outcome.status === 'planned' && outcome.plan.fetched !== undefined ? outcome.plan : undefined
  const listed = await target.list(subdir, { signal: run.signal })
  observe({ type: 'target-listed', subdir, artifacts: listed.count })
  const wanted = plan?.decision.comparison.added
  await using others = await readOthers(subdir, clean && plan !== undefined ? clients : [], run.signal)
  const difference = compareWithTarget({ subdir, wanted, listed, upstream: clean && plan !== undefined ? [plan.original.table, ...others.tables] : [] })
  return { difference, listed, plan, summary: summarize(difference, listed, plan) }
}

interface OtherTables extends AsyncDisposable {
  readonly tables: readonly IndexTable[]
}

/** What other channels list that go to the same target. One that cannot be read stops the run: what it lists would be removed. */
async function readOthers(subdir: SubdirName, clients: readonly RepositoryClient[], signal: AbortSignal): Promise<OtherTables> {
  const opened = new AsyncDisposableStack()
  const tables: IndexTable[] = []
  try {
    for (const client of clients) {
      const result = await client.fetchIndex(subdir, { signal })
      if (result.status === 'fetched') tables.push(opened.use(result.index).table)
    }
    return { tables, [Symbol.asyncDispose]: async () => await opened.disposeAsync() }
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

const NO_SUMMARY: Omit<UploadSummary, 'subdir' | 'status'> = {
  wanted: 0, wantedBytes: 0, listed: 0, upload: 0, uploadBytes: 0, present: 0, conflicts: 0, remove: 0, removeBytes: 0, rules: [], leftOut: [],
}

function summarize({ subdir, upload, present, conflicts, remove }: UploadDifference, listed: ArtifactSet, plan: SubdirPlan | undefined): UploadSummary {
  if (plan === undefined) return { ...NO_SUMMARY, subdir, status: 'absent', listed: listed.count }
  const { decision: { comparison: { added }, leftOut }, selected } = plan
  return {
    subdir, status: 'planned', wanted: added.count, wantedBytes: added.bytes, listed: listed.count, upload: upload.count, uploadBytes: upload.bytes,
    present, conflicts: conflicts.length, remove: remove.count, removeBytes: remove.bytes, rules: selected?.effects ?? [], leftOut,
  }
}

function warnOfUpstream(run: SyncRun, planned: readonly PlannedUpload[]): void {
  for (const { plan, summary: { subdir, leftOut } } of planned) {
    for (const message of plan?.fetched?.warnings ?? []) warn(run, { code: 'UPSTREAM', subdir, message })
    if (leftOut.length > 0) warn(run, { code: 'LEFT_OUT', subdir, message: `${leftOut.length} records of ${subdir} are not uploaded` })
  }
}

interface Removed {
  readonly removed: number
  readonly notRemoved: number
}

/** Only when everything that is wanted is there: what replaces a package may be among what failed. */
async function removeArtifacts({ run, options, observe }: UploadRun, { planned }: PlannedTarget, isWhole: boolean): Promise<Removed> {
  const due: readonly Artifact[] = planned.flatMap(({ difference }) => [...difference.remove])
  const now = isWhole ? due.slice(0, options.maximumDeletes ?? MOST_REMOVALS) : []
  let removed = 0
  for (const artifact of now) {
    const result = await options.target.remove(artifact, { signal: run.signal })
    observe({ type: 'removed', artifact, result })
    if (result === 'removed') removed += 1
  }
  return { removed, notRemoved: due.length - now.length }
}

interface ReportParts {
  readonly status: UploadReport['status']
  readonly done?: CarriedUploads
  readonly checked?: CheckedTarget
  readonly removed?: Removed
  readonly stopped?: MirrorError | undefined
}

const NOTHING: CarriedUploads = {
  uploaded: { artifacts: 0, bytes: 0 }, replaced: 0, found: 0, fetched: { artifacts: 0, bytes: 0 }, copied: { artifacts: 0, bytes: 0 }, conflicts: [], failed: [], taken: [], stopped: undefined,
}

function createUploadReport({ run, options }: UploadRun, { planned, held, verdicts }: PlannedTarget, parts: ReportParts): UploadReport {
  const { status, done = NOTHING, checked = { unlisted: [], lost: [] }, removed = { removed: 0, notRemoved: 0 }, stopped } = parts
  const heldSummaries = held.map(({ subdir }): UploadSummary => ({ ...NO_SUMMARY, subdir, status: 'held' }))
  const planConflicts = options.replace === true ? [] : planned.flatMap(({ difference }) => difference.conflicts)
  const { uploaded, replaced, found, fetched, copied } = done
  return {
    channel: run.channelName, target: options.target.name, status, subdirs: [...planned.map(({ summary }) => summary), ...heldSummaries], uploaded, replaced, found, ...removed,
    conflicts: [...planConflicts, ...done.conflicts],
    failed: [...done.failed, ...checked.lost.map(describeLost)],
    held, unlisted: checked.unlisted.map(nameOf), verdicts, warnings: run.warnings,
    stopped: stopped === undefined ? undefined : { code: stopped.code, message: stopped.message, hint: stopped.hint },
    fetched, copied, duration: run.now() - run.started,
  }
}

function nameOf({ subdir, name }: Artifact): { readonly subdir: SubdirName; readonly name: string } {
  return { subdir, name }
}

function describeLost({ subdir, name }: Artifact): UploadReport['failed'][number] {
  return { subdir, name, code: 'UPLOAD_LOST', reason: `The target took ${subdir}/${name}, and does not have it` }
}
