import type { SyncReport } from '@mirror/sync'
import type { Generation, TidyReport } from '@mirror/store'
import type { Session } from '../commands/session.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { type MetricName, type Sample, updateMetricsFile } from './metrics-file.ts'

/** What is known of one channel after a run. */
export interface ChannelMetrics {
  /** Its URL without secrets, or its folder. */
  readonly channel: string
  readonly exitCode: ExitCode
  /** What is published now. */
  readonly head: Generation | undefined
  readonly values: { readonly [Name in MetricName]?: number | undefined }
  /** Upstream's own dates, in milliseconds, by subdir. */
  readonly upstream?: ReadonlyMap<string, number>
}

/** What is known of a run. */
export interface RunMetrics {
  /** Milliseconds. */
  readonly started: number
  readonly exitCode: ExitCode
  readonly channels: readonly ChannelMetrics[]
}

/** Writes the file that `--metrics-file` or the configuration names, if one is named. That it cannot be written is told, and does not make a run fail that did its work. */
export async function writeMetrics(session: Session, run: RunMetrics): Promise<void> {
  const { config: { metricsFile }, command, renderer } = session
  if (metricsFile === undefined) return
  try {
    await updateMetricsFile(metricsFile, { command, samples: createSamples(session, run) })
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    renderer.render({ type: 'notice', code: 'METRICS_NOT_WRITTEN', message: `the metrics are not written to ${JSON.stringify(metricsFile)}: ${reason}` })
  }
}

function createSamples({ command, now }: Session, { started, exitCode, channels }: RunMetrics): readonly Sample[] {
  const ended = now()
  const run: Sample[] = [
    { name: 'mirror_run_timestamp_seconds', labels: { command }, value: ended / 1000 },
    { name: 'mirror_run_duration_seconds', labels: { command }, value: (ended - started) / 1000 },
    { name: 'mirror_run_exit_code', labels: { command }, value: exitCode },
  ]
  return [...run, ...channels.flatMap((channel) => samplesOf(channel, command, ended))]
}

function samplesOf({ channel, exitCode, head, values, upstream = new Map() }: ChannelMetrics, command: string, ended: number): readonly Sample[] {
  const all: { readonly [Name in MetricName]?: number | undefined } = {
    mirror_run_exit_code: exitCode,
    mirror_last_success_timestamp_seconds: exitCode === 0 ? ended / 1000 : undefined,
    mirror_generation: head?.number,
    mirror_generation_timestamp_seconds: head === undefined ? undefined : Date.parse(head.created) / 1000,
    mirror_artifacts: head?.state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.count, 0),
    mirror_artifact_bytes: head?.state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.bytes, 0),
    ...values,
  }
  const labels = { command, channel }
  const dates = [...upstream].map(([subdir, date]): Sample => ({ name: 'mirror_upstream_index_timestamp_seconds', labels: { ...labels, subdir }, value: date / 1000 }))
  return [...samplesWith(all, labels), ...dates]
}

function samplesWith(values: ChannelMetrics['values'], labels: Sample['labels']): readonly Sample[] {
  return METRIC_NAMES.flatMap((name) => (values[name] === undefined ? [] : [{ name, labels, value: values[name] }]))
}

const METRIC_NAMES: readonly MetricName[] = [
  'mirror_last_success_timestamp_seconds', 'mirror_run_exit_code', 'mirror_generation', 'mirror_generation_timestamp_seconds', 'mirror_artifacts', 'mirror_artifact_bytes', 'mirror_run_added',
  'mirror_run_removed', 'mirror_run_fetched_bytes', 'mirror_run_failed', 'mirror_run_held_subdirs', 'mirror_run_deleted', 'mirror_run_deleted_bytes', 'mirror_trash_files', 'mirror_trash_bytes',
  'mirror_verify_faults', 'mirror_verify_foreign',
]

/** The values of a sync. */
export function valuesOfSync({ totals, fetched, failed, held, tidy }: SyncReport): ChannelMetrics['values'] {
  return {
    mirror_run_added: totals.add, mirror_run_removed: totals.remove, mirror_run_fetched_bytes: fetched.bytes, mirror_run_failed: failed.length, mirror_run_held_subdirs: held.length, ...valuesOfTidy(tidy),
  }
}

/** The values of tidying. */
export function valuesOfTidy(tidy: TidyReport | undefined): ChannelMetrics['values'] {
  if (tidy === undefined) return {}
  const { deleted, waiting } = tidy
  return { mirror_run_deleted: deleted.count, mirror_run_deleted_bytes: deleted.bytes, mirror_trash_files: waiting.count, mirror_trash_bytes: waiting.bytes }
}
