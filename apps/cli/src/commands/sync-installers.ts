import { parseSubdirName } from '@mirror/core'
import { type InstallersReport, type RepairReport, syncInstallers } from '@mirror/sync'
import type { InstallersConfig } from '../config/config.ts'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, exitOfInstallers } from '../errors/exit-codes.ts'
import { type ChannelMetrics, valuesOfTidy } from '../metrics/write-metrics.ts'
import type { Runtime } from '../runtime.ts'
import type { SpoolFolder } from '../spool-folder.ts'
import { readLimits } from './limits.ts'
import type { Session } from './session.ts'

/** What came of the installers: a report, or why there is none. */
export type InstallersOutcome =
  | { readonly remote: string; readonly report: InstallersReport }
  | { readonly remote: string; readonly error: ErrorFacts }
  /** The run was interrupted before. */
  | 'interrupted'
  | 'unwanted'

/** What `syncInstallersOf` works with. */
export interface SyncInstallersOfOptions {
  readonly session: Session
  readonly runtime: Runtime
  readonly spool: SpoolFolder
  readonly dryRun: boolean
}

/** Brings the installers up to date, or plans to, if the configuration wants any. */
export async function syncInstallersOf(options: SyncInstallersOfOptions): Promise<InstallersOutcome> {
  const { renderer, signal, config: { installers } } = options.session
  if (installers === undefined) return 'unwanted'
  if (signal.aborted) return 'interrupted'
  const remote = installers.remote.url
  renderer.render({ type: 'installers-started', remote })
  try {
    const report = await callSync(installers, options)
    renderer.render({ type: 'installers-finished', remote, report })
    return { remote, report }
  } catch (error) {
    const failure = readErrorFacts(error, signal)
    renderer.render({ type: 'installers-failed', remote, error: failure })
    return { remote, error: failure }
  }
}

/** Makes what is wrong with the installers right again, by a sync that verifies all that is there; undefined where the configuration wants none. */
export async function repairInstallers(options: SyncInstallersOfOptions): Promise<RepairReport | undefined> {
  const { installers } = options.session.config
  if (installers === undefined) return undefined
  const { generation = 0, fetched, failed, held } = await callSync(installers, { ...options, verify: true })
  const unrepaired = [...failed, ...held.map(({ folder, code, reason }) => ({ path: `${folder}/`, code, reason }))]
  return { generation, fetched: { artifacts: fetched.installers, bytes: fetched.bytes }, unrepaired }
}

interface CallOptions extends SyncInstallersOfOptions {
  readonly verify?: boolean
}

async function callSync({ remote, latest }: InstallersConfig, { session, runtime, spool, dryRun, verify = false }: CallOptions): Promise<InstallersReport> {
  const { config, flags, renderer, signal, now } = session
  const observe = (event: Parameters<NonNullable<Parameters<typeof syncInstallers>[0]['observe']>>[0]): void => renderer.render({ type: 'sync', channel: remote.url, event })
  await using client = runtime.openClient(remote, { spoolFolder: spool.path, observe })
  return await syncInstallers({
    remote: remote.url,
    client,
    store: runtime.openInstallers(),
    platforms: config.platforms.map((platform) => parseSubdirName(platform)),
    latest,
    spoolFolder: spool.path,
    limits: readLimits(flags),
    grace: config.grace,
    adopt: flags.adopt,
    concurrency: Math.min(4, config.concurrency),
    dryRun,
    verify,
    now,
    signal,
    observe,
    ...(config.reserve === undefined ? {} : { reserve: config.reserve }),
    ...(config.maximumDeletes === undefined ? {} : { maximumDeletes: config.maximumDeletes }),
  })
}

/** The exit code of what came. */
export function exitOfOutcome(outcome: InstallersOutcome): ExitCode {
  if (outcome === 'unwanted') return 0
  if (outcome === 'interrupted') return 130
  return 'error' in outcome ? outcome.error.exitCode : exitOfInstallers(outcome.report)
}

/** The metrics of installers that were synced; none where none are wanted. */
export async function metricsOfInstallers(outcome: InstallersOutcome, runtime: Runtime): Promise<readonly ChannelMetrics[]> {
  if (typeof outcome === 'string') return []
  const head = await runtime.openInstallers().head().catch(() => undefined)
  return [{ channel: 'installers', exitCode: exitOfOutcome(outcome), head, values: 'report' in outcome ? valuesOfReport(outcome.report) : {} }]
}

function valuesOfReport({ installers, bytes, add, remove, fetched, failed, held, tidy }: InstallersReport): ChannelMetrics['values'] {
  return {
    mirror_artifacts: installers, mirror_artifact_bytes: bytes, mirror_run_added: add.length, mirror_run_removed: remove.length, mirror_run_fetched_bytes: fetched.bytes,
    mirror_run_failed: failed.length, mirror_run_held_subdirs: held.length, ...valuesOfTidy(tidy),
  }
}

/** What the last line of `--json` has; undefined for nothing. */
export function toldOf(outcome: InstallersOutcome): Exclude<InstallersOutcome, string> | undefined {
  return typeof outcome === 'string' ? undefined : outcome
}
