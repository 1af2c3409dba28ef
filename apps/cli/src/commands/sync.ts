import { type ChannelUrl, isMirrorError, redactText } from '@mirror/core'
import type { CreatedDelta, DeltaRecorder } from '@mirror/difftar'
import { noteRun, type PastRun, type Store } from '@mirror/store'
import { readUpstreamDates, syncChannel, type SyncOptions, type SyncReport } from '@mirror/sync'
import type { ChannelConfig } from '../config/config.ts'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, exitOfReport, worstExit } from '../errors/exit-codes.ts'
import { valuesOfSync, writeMetrics } from '../metrics/write-metrics.ts'
import { describeInstallers } from '../render/describe-installers.ts'
import { type ChannelOutcome, describePlan, describeRun } from '../render/describe-report.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import { createSpoolFolder, type SpoolFolder } from '../spool-folder.ts'
import { assertMirrorFolder, findOlderLayout, tellAdoption } from './meet-mirror.ts'
import { readLimits } from './limits.ts'
import { openAlongside } from './open-alongside.ts'
import { describeRecorded, finishRecording, openRecorder } from './record-delta.ts'
import { runOfReport } from './runs.ts'
import { printResult, type Session } from './session.ts'
import { exitOfOutcome, type InstallersOutcome, metricsOfInstallers, syncInstallersOf, toldOf } from './sync-installers.ts'

/**
 * Brings every channel up to date, or plans to, one after another, and then the installers. A channel that fails does not stop the others; an interrupt does. The
 * exit code is the worst one.
 */
export async function runSync(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, command } = session
  const dryRun = flags.dryRun || command === 'plan'
  const started = session.now()
  await assertMirrorFolder(session)
  const runtime = await createRuntime(config, session.env)
  const recorder = dryRun ? undefined : await openRecorder(session)
  await using spool = await createSpoolFolder(config.mirrorDir, dryRun || recorder !== undefined)
  renderer.render({ type: 'run-started', command, mirror: config.mirrorDir, config: config.file, channels: config.channels.length })
  const outcomes = await syncAll({ session, runtime, spool, recorder, dryRun })
  const installers = config.delta.isRecorded ? 'unwanted' : await syncInstallersOf({ session, runtime, spool, dryRun })
  const isCut = outcomes.length < config.channels.length || installers === 'interrupted'
  const exitCode = isCut ? 130 : worstExit([...outcomes.map(exitOf), exitOfOutcome(installers)])
  const recorded = await closeRecording(isCut ? undefined : recorder, outcomes, { session, runtime, exitCode })
  report({ session, outcomes, installers, recorded, dryRun }, exitCode)
  if (!dryRun) await writeSyncMetrics(session, outcomes, { runtime, installers, started, exitCode })
  return exitCode
}

interface CloseOptions {
  readonly session: Session
  readonly runtime: Runtime
  readonly exitCode: ExitCode
}

/** The delta of a run. Without a manifest it is none: nobody takes a run that failed for one that found nothing new. */
async function closeRecording(recorder: DeltaRecorder | undefined, outcomes: readonly ChannelOutcome[], { session, runtime, exitCode }: CloseOptions): Promise<CreatedDelta | undefined> {
  const isLost = exitCode !== 0 && !outcomes.some((outcome) => 'report' in outcome && outcome.report.status === 'committed')
  return recorder === undefined || isLost ? undefined : await finishRecording(recorder, { session, runtime })
}

/** One channel after another; an interrupt ends it. */
async function syncAll(options: SyncOneOptions): Promise<readonly ChannelOutcome[]> {
  const { config, signal } = options.session
  const outcomes: ChannelOutcome[] = []
  for (const channel of config.channels) {
    if (signal.aborted) break
    outcomes.push(await syncOne(channel, options))
  }
  return outcomes
}

interface SyncRunFacts {
  readonly runtime: Runtime
  readonly installers: InstallersOutcome
  readonly started: number
  readonly exitCode: ExitCode
}

async function writeSyncMetrics(session: Session, outcomes: readonly ChannelOutcome[], { runtime, installers, started, exitCode }: SyncRunFacts): Promise<void> {
  const { config } = session
  if (config.metricsFile === undefined) return
  const channels = await Promise.all(outcomes.map(async (outcome, index) => {
    const channel = config.channels[index]?.channel
    const store = channel === undefined ? undefined : runtime.openStore(channel)
    return {
      channel: outcome.channel,
      exitCode: exitOf(outcome),
      head: await store?.head().catch(() => undefined),
      upstream: await (store === undefined ? undefined : readUpstreamDates(store).catch(() => undefined)) ?? new Map<string, number>(),
      values: 'report' in outcome ? valuesOfSync(outcome.report) : {},
    }
  }))
  await writeMetrics(session, { started, exitCode, channels: [...channels, ...await metricsOfInstallers(installers, runtime)] })
}

interface SyncOneOptions {
  readonly session: Session
  readonly runtime: Runtime
  readonly spool: SpoolFolder
  /** Where changes are recorded instead of made. */
  readonly recorder: DeltaRecorder | undefined
  readonly dryRun: boolean
}

async function syncOne(channelConfig: ChannelConfig, options: SyncOneOptions): Promise<ChannelOutcome> {
  const { channel } = channelConfig
  const { renderer, signal } = options.session
  const facts = { channel: channel.url, folder: channel.folder }
  renderer.render({ type: 'channel-started', ...facts })
  try {
    const done = await callSync(channelConfig, options)
    renderer.render({ type: 'channel-finished', channel: channel.url, report: done })
    return { ...facts, report: done }
  } catch (error) {
    const failure = readErrorFacts(error, signal)
    renderer.render({ type: 'channel-failed', channel: channel.url, error: failure })
    if (!options.dryRun && options.recorder === undefined) await keepNote(options, channel, runOfFailure(failure, options.session))
    return { ...facts, error: failure }
  }
}

async function callSync(channelConfig: ChannelConfig, { session, runtime, spool, recorder, dryRun }: SyncOneOptions): Promise<SyncReport> {
  const { channel, subdirs, selection } = channelConfig
  const { config, flags, renderer, signal } = session
  const observe: SyncOptions['observe'] = (event) => renderer.render({ type: 'sync', channel: channel.url, event })
  const mirrored = runtime.openStore(channel)
  const store = recorder === undefined ? mirrored : recorder.record(channel.folder, mirrored)
  await using client = runtime.openClient(channel, { spoolFolder: spool.path, observe })
  await using alongside = openAlongside(channel, { config, runtime, spool, observe, isWanted: selection.closure !== undefined })
  if (recorder === undefined) tellAdoption(channel, session)
  const older = findOlderLayout(config.mirrorDir, channel)
  await using nearby = older === undefined ? undefined : runtime.openClient(older, { spoolFolder: spool.path, observe })
  if (older !== undefined) await tellOlderLayout(older, store, session)
  const done = await syncChannel({
    channel,
    client,
    ...(nearby === undefined ? {} : { nearby: [nearby] }),
    store,
    subdirs,
    noarch: config.noarch,
    spoolFolder: spool.path,
    variants: config.variants,
    derivatives: config.derivatives,
    reuse: config.reuse,
    grace: config.grace,
    limits: readLimits(flags),
    concurrency: config.concurrency,
    partial: flags.partial,
    adopt: flags.adopt,
    dryRun,
    signal,
    observe,
    alongside: alongside.channels,
    ...chooseLimits(channelConfig, config),
  })
  // A run that finds nothing new writes nothing at all.
  if (!dryRun && recorder === undefined && done.status !== 'unchanged') await keepNote({ session, runtime }, channel, runOfReport(done, { command: 'sync', now: session.now() }))
  return done
}

/** What limits the run, where anything does. */
function chooseLimits({ selection, budget }: ChannelConfig, { reserve, maximumDeletes }: Session['config']): Pick<SyncOptions, 'selection' | 'budget' | 'reserve' | 'maximumDeletes'> {
  return {
    // No rule is no selection: then what upstream has is published as it is, without a look at its records.
    ...(Object.keys(selection).length === 0 ? {} : { selection }),
    ...(budget === undefined ? {} : { budget }),
    ...(reserve === undefined ? {} : { reserve }),
    ...(maximumDeletes === undefined ? {} : { maximumDeletes }),
  }
}

/** Said as long as nothing of the channel is published. */
async function tellOlderLayout({ folder }: ChannelUrl, store: Store, { renderer }: Session): Promise<void> {
  if ((await store.head()) !== undefined) return
  const message = `${folder} has the layout of an early cas-mirror: what is right in it is copied, and it stays as it is; remove it when every channel is up to date`
  renderer.render({ type: 'notice', code: 'OLDER_LAYOUT', message })
}

function runOfFailure({ code, message }: ErrorFacts, { now }: Session): PastRun {
  const nothing = { duration: 0, generation: undefined, added: 0, removed: 0, reused: 0, relisted: 0, fetchedBytes: 0, failed: 0, held: [] }
  return { ...nothing, command: 'sync', finished: new Date(now()).toISOString(), status: 'failed', error: { code, message } }
}

/** The note is for `status` alone: a run that did its work has not failed because the note could not be kept. */
async function keepNote({ session: { renderer }, runtime }: Pick<SyncOneOptions, 'session' | 'runtime'>, channel: ChannelUrl, run: PastRun): Promise<void> {
  try {
    await noteRun(runtime.openStore(channel), run)
  } catch (error) {
    if (!isMirrorError(error)) throw error
    if (run.error === undefined) renderer.render({ type: 'notice', code: error.code, message: error.message })
  }
}

function exitOf(outcome: ChannelOutcome): ExitCode {
  return 'error' in outcome ? outcome.error.exitCode : exitOfReport(outcome.report)
}

interface Finished {
  readonly session: Session
  readonly outcomes: readonly ChannelOutcome[]
  readonly installers: InstallersOutcome
  /** The delta that the run left, where it was to leave one. */
  readonly recorded: CreatedDelta | undefined
  readonly dryRun: boolean
}

function report({ session, outcomes, installers, recorded, dryRun }: Finished, exitCode: ExitCode): void {
  const { config, stdout, flags, now, command } = session
  const lines = describeInstallers(installers)
  printResult(session, dryRun ? `${describePlan(outcomes, config)}${lines.map((line) => `${redactText(line)}\n`).join('')}` : describeRun(outcomes, config.mirrorDir, lines))
  const incomplete = outcomes.filter((outcome) => exitOf(outcome) !== 0).map(({ channel }) => channel)
  if (config.delta.isRecorded && !dryRun) printResult(session, describeRecorded(config.delta.directory, recorded, incomplete))
  if (!flags.json) return
  if (exitCode === 130) {
    const { code, message, hint } = readErrorFacts(undefined, AbortSignal.abort())
    stdout.write(formatJsonLine({ type: 'error', command, exitCode, code, message, hint, channels: outcomes, installers: toldOf(installers) }, now()))
    return
  }
  stdout.write(formatJsonLine({ type: 'result', command, exitCode, mirror: config.mirrorDir, channels: outcomes, installers: toldOf(installers), ...(recorded === undefined ? {} : { delta: { directory: config.delta.directory, totals: recorded.totals, seal: recorded.seal } }) }, now()))
}
