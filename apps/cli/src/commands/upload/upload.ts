import { access, constants } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { type ChannelUrl, isMirrorError } from '@mirror/core'
import type { RepositoryClient } from '@mirror/repository-client'
import type { StoreReader } from '@mirror/store'
import { uploadChannel, type UploadOptions, type UploadReport } from '@mirror/sync'
import type { ChannelConfig } from '../../config/config.ts'
import { readErrorFacts } from '../../errors/error-facts.ts'
import { type ExitCode, exitOfUpload, worstExit } from '../../errors/exit-codes.ts'
import { describeUploads, type UploadChannelOutcome } from '../../render/describe-upload.ts'
import { formatJsonLine } from '../../render/render-json.ts'
import { createRuntime, type Runtime } from '../../runtime.ts'
import { createSpoolFolder, type SpoolFolder } from '../../spool-folder.ts'
import { readLimits } from '../limits.ts'
import { openAlongside } from '../open-alongside.ts'
import { printResult, type Session } from '../session.ts'
import { type PreparedTarget, prepareTarget } from './open-target.ts'

interface UploadRun {
  readonly session: Session
  readonly runtime: Runtime
  readonly spool: SpoolFolder
  readonly prepared: PreparedTarget
}

/**
 * Uploads every configured channel to the target, or plans to, one after another. A channel that fails does not stop the others; an interrupt and a target that takes nothing more do. The exit code is the
 * worst one.
 */
export async function runUpload(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, command, signal, stdout, now } = session
  const prepared = await prepareTarget(session)
  const runtime = await createRuntime(config, session.env)
  await using spool = await openSpool(session)
  renderer.render({ type: 'run-started', command, mirror: prepared.name, config: config.file, channels: config.channels.length })
  const outcomes: UploadChannelOutcome[] = []
  for (const channel of config.channels) {
    if (signal.aborted) break
    const outcome = await uploadOne(channel, { session, runtime, spool, prepared })
    outcomes.push(outcome)
    if ('report' in outcome && outcome.report.status === 'stopped') break
  }
  const exitCode = signal.aborted ? 130 : worstExit(outcomes.map(exitOf))
  printResult(session, describeUploads(outcomes))
  if (flags.json) {
    const { code, message, hint } = readErrorFacts(undefined, AbortSignal.abort())
    const ending = exitCode === 130 ? { type: 'error', code, message, hint } : { type: 'result' }
    stdout.write(formatJsonLine({ ...ending, command, exitCode, channels: outcomes }, now()))
  }
  return exitCode
}

function exitOf(outcome: UploadChannelOutcome): ExitCode {
  return 'error' in outcome ? outcome.error.exitCode : exitOfUpload(outcome.report)
}

/** In the mirror, where there is room, when there is one that can be written; else in the system's temporary folder. */
async function openSpool({ config: { mirrorDir } }: Session): Promise<SpoolFolder> {
  const isThere = await access(mirrorDir, constants.W_OK).then(() => true, () => false)
  return await createSpoolFolder(isThere ? mirrorDir : tmpdir(), !isThere)
}

async function uploadOne(channelConfig: ChannelConfig, run: UploadRun): Promise<UploadChannelOutcome> {
  const { channel } = channelConfig
  const { renderer, signal } = run.session
  renderer.render({ type: 'channel-started', channel: channel.url, folder: run.prepared.name })
  try {
    const report = await callUpload(channelConfig, run)
    renderer.render({ type: 'upload-finished', channel: channel.url, report })
    return { channel: channel.url, report }
  } catch (error) {
    const failure = readErrorFacts(error, signal)
    renderer.render({ type: 'channel-failed', channel: channel.url, error: failure })
    return { channel: channel.url, error: failure }
  }
}

async function callUpload(channelConfig: ChannelConfig, { session, runtime, spool, prepared }: UploadRun): Promise<UploadReport> {
  const { channel, subdirs, selection } = channelConfig
  const { config, flags, renderer, signal } = session
  const observe: NonNullable<UploadOptions['observe']> = (event) => renderer.render({ type: 'sync', channel: channel.url, event })
  await using target = prepared.open({ spoolFolder: spool.path, observe })
  await using client = runtime.openClient(channel, { spoolFolder: spool.path, observe })
  await using alongside = openAlongside(channel, { config, runtime, spool, observe, isWanted: selection.closure !== undefined })
  await using others = openOthers(channel, { config, runtime, spool, observe, isWanted: flags.clean })
  return await uploadChannel({
    channel, client, target, subdirs, noarch: config.noarch, spoolFolder: spool.path, mirror: await readMirror(channel, runtime),
    limits: readLimits(flags), clean: flags.clean, replace: flags.replace, dryRun: flags.dryRun, others: others.clients, alongside: alongside.channels, signal, observe,
    ...(Object.keys(selection).length === 0 ? {} : { selection }),
    ...(config.maximumDeletes === undefined ? {} : { maximumDeletes: config.maximumDeletes }),
    ...(config.upload.concurrency === undefined ? {} : { concurrency: config.upload.concurrency }),
  })
}

/** The mirror of the channel, where there is one that can be read: it only spares fetching. */
async function readMirror(channel: ChannelUrl, runtime: Runtime): Promise<StoreReader | undefined> {
  try {
    return await runtime.openStore(channel).read()
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return undefined
  }
}

interface OpenOthersOptions {
  readonly config: Session['config']
  readonly runtime: Runtime
  readonly spool: SpoolFolder
  readonly observe: NonNullable<UploadOptions['observe']>
  readonly isWanted: boolean
}

/** All channels go to the same place: what the others list there is not to be removed. */
function openOthers(channel: ChannelUrl, { config, runtime, spool, observe, isWanted }: OpenOthersOptions): AsyncDisposable & { readonly clients: readonly RepositoryClient[] } {
  const others = isWanted ? config.channels.filter((other) => other.channel.url !== channel.url) : []
  const clients = others.map((other) => runtime.openClient(other.channel, { spoolFolder: spool.path, observe }))
  return {
    clients,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client.close()
    },
  }
}
