import { type ChannelUrl, isMirrorError } from '@mirror/core'
import type { GuardLimits } from '@mirror/delta'
import type { Store } from '@mirror/store'
import { type AlongsideChannel, syncChannel, type SyncOptions, type SyncReport } from '@mirror/sync'
import type { Flags } from '../command-line/flags.ts'
import type { ChannelConfig } from '../config/config.ts'
import { readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, exitOfReport, worstExit } from '../errors/exit-codes.ts'
import { type ChannelOutcome, describePlan, describeRun } from '../render/describe-report.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { createRuntime, type Runtime } from '../runtime.ts'
import { createSpoolFolder, type SpoolFolder } from '../spool-folder.ts'
import { writeLastRun } from './last-run.ts'
import { printResult, type Session } from './session.ts'

/**
 * Brings every channel up to date, or plans to, one after another. A channel that fails does not stop the others; an interrupt does. The exit code is the
 * worst one.
 */
export async function runSync(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, command } = session
  const dryRun = flags.dryRun || command === 'plan'
  const runtime = await createRuntime(config, session.env)
  await using spool = await createSpoolFolder(config.mirrorDir, dryRun)
  renderer.render({ type: 'run-started', command, mirror: config.mirrorDir, config: config.file, channels: config.channels.length })
  tellInstallers(session)
  const outcomes: ChannelOutcome[] = []
  for (const channel of config.channels) {
    if (session.signal.aborted) break
    outcomes.push(await syncOne(channel, { session, runtime, spool, dryRun }))
  }
  const isCut = outcomes.length < config.channels.length
  const exitCode = isCut ? 130 : worstExit(outcomes.map(exitOf))
  report({ session, outcomes, dryRun }, exitCode)
  return exitCode
}

/** Until installers are mirrored, a configuration that wants them is told so. */
function tellInstallers({ config, flags, renderer }: Session): void {
  if (!config.installers || flags.channels.length > 0) return
  const message = 'installers are not mirrored by this version; "fetch_installers: false" says that they are not wanted'
  renderer.render({ type: 'notice', code: 'INSTALLERS_SKIPPED', message })
}

interface SyncOneOptions {
  readonly session: Session
  readonly runtime: Runtime
  readonly spool: SpoolFolder
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
    return { ...facts, error: failure }
  }
}

async function callSync({ channel, subdirs, selection, budget }: ChannelConfig, { session, runtime, spool, dryRun }: SyncOneOptions): Promise<SyncReport> {
  const { config, flags, renderer, signal } = session
  const observe: SyncOptions['observe'] = (event) => renderer.render({ type: 'sync', channel: channel.url, event })
  const store = runtime.openStore(channel)
  await using client = runtime.openClient(channel, { spoolFolder: spool.path, observe })
  await using alongside = openAlongside(channel, { config, runtime, spool, observe, isWanted: selection.closure !== undefined })
  const done = await syncChannel({
    channel,
    client,
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
    // No rule is no selection: then what upstream has is published as it is, without a look at its records.
    ...(Object.keys(selection).length === 0 ? {} : { selection }),
    alongside: alongside.channels,
    ...(budget === undefined ? {} : { budget }),
    ...(config.reserve === undefined ? {} : { reserve: config.reserve }),
    ...(config.maximumDeletes === undefined ? {} : { maximumDeletes: config.maximumDeletes }),
  })
  // A run that finds nothing new writes nothing at all.
  if (!dryRun && done.status !== 'unchanged') await noteRun(store, done, session)
  return done
}

interface OpenAlongsideOptions {
  readonly config: Session['config']
  readonly runtime: Runtime
  readonly spool: SpoolFolder
  readonly observe: NonNullable<SyncOptions['observe']>
  readonly isWanted: boolean
}

/** The other channels of the configuration: people use them together, so what a closure needs may come from any of them. */
function openAlongside(channel: ChannelUrl, { config, runtime, spool, observe, isWanted }: OpenAlongsideOptions): AsyncDisposable & { readonly channels: readonly AlongsideChannel[] } {
  const others = isWanted ? config.channels.filter((other) => other.channel.url !== channel.url) : []
  const channels = others.map((other) => ({
    channel: other.channel,
    client: runtime.openClient(other.channel, { spoolFolder: spool.path, observe }),
    store: runtime.openStore(other.channel),
    subdirs: other.subdirs,
    selection: other.selection,
  }))
  return {
    channels,
    async [Symbol.asyncDispose]() {
      for (const { client } of channels) await client.close()
    },
  }
}

/** The note is for `status` alone: a run that did its work has not failed because the note could not be kept. */
async function noteRun(store: Store, done: SyncReport, { renderer, now }: Session): Promise<void> {
  try {
    await writeLastRun(store, done, now())
  } catch (error) {
    if (!isMirrorError(error)) throw error
    renderer.render({ type: 'notice', code: error.code, message: error.message })
  }
}

/** The guards' overrides of the command line. */
export function readLimits({ allowEmpty, allowShrink, allowSelection, allowRollback }: Flags): Partial<GuardLimits> {
  return {
    allowEmpty,
    allowRollback,
    ...(allowShrink ? { shrinkRecords: Infinity } : {}),
    ...(allowSelection ? { selectionShare: Infinity } : {}),
  }
}

function exitOf(outcome: ChannelOutcome): ExitCode {
  return 'error' in outcome ? outcome.error.exitCode : exitOfReport(outcome.report)
}

interface Finished {
  readonly session: Session
  readonly outcomes: readonly ChannelOutcome[]
  readonly dryRun: boolean
}

function report({ session, outcomes, dryRun }: Finished, exitCode: ExitCode): void {
  const { config, stdout, flags, now, command } = session
  printResult(session, dryRun ? describePlan(outcomes, config) : describeRun(outcomes, config.mirrorDir))
  if (!flags.json) return
  if (exitCode === 130) {
    const { code, message, hint } = readErrorFacts(undefined, AbortSignal.abort())
    stdout.write(formatJsonLine({ type: 'error', command, exitCode, code, message, hint, channels: outcomes }, now()))
    return
  }
  stdout.write(formatJsonLine({ type: 'result', command, exitCode, mirror: config.mirrorDir, channels: outcomes }, now()))
}
