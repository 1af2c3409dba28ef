import type { Outcome } from '../commands/each-channel.ts'
import type { Session } from '../commands/session.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import type { OpenStore } from '../open-store.ts'
import { type ChannelMetrics, type RunMetrics, writeMetrics } from './write-metrics.ts'

/** What is known of a run over channels. */
export interface ChannelRun<Report> extends Omit<RunMetrics, 'channels'> {
  readonly openStore: OpenStore
  readonly exitOf: (report: Report) => ExitCode
  readonly valuesOf: (report: Report) => ChannelMetrics['values']
}

/** Writes what came of each channel, beside what it has now. */
export async function writeChannelMetrics<Report>(session: Session, outcomes: readonly Outcome<Report>[], run: ChannelRun<Report>): Promise<void> {
  if (session.config.metricsFile === undefined) return
  const { openStore, exitOf, valuesOf, ...rest } = run
  const channels = await Promise.all(outcomes.map(async ({ channel, root, error, report }) => ({
    channel,
    head: await openStore(root).head().catch(() => undefined),
    ...(error === undefined ? { exitCode: exitOf(report), values: valuesOf(report) } : { exitCode: error.exitCode, values: {} }),
  })))
  await writeMetrics(session, { ...rest, channels })
}
