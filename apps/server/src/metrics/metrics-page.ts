import type { ServerEvent } from '../events.ts'
import type { Readiness } from '../health.ts'
import { createServerSamples } from './create-samples.ts'
import { describeProcess, type ProcessSnapshot } from './process-snapshot.ts'
import { type CountRow, createRequestCounts } from './request-counts.ts'
import { formatServerMetrics } from './server-metrics.ts'

/** All processes that serve together. */
export interface GatheredProcesses {
  /** Those that run, the asked one among them. */
  readonly processes: readonly ProcessSnapshot[]
  /** What those counted that have ended. */
  readonly ended: CountRow
}

/** What `openMetrics` needs. */
export interface MetricsOptions {
  /** Which of several processes this one is. Default: `1`, the only one. */
  readonly process?: string | undefined
  /** What all processes know, where there are several. Default: this one alone. */
  readonly gather?: (() => Promise<GatheredProcesses>) | undefined
  readonly active: () => number
}

/** The metrics of a server. */
export interface ServerMetrics {
  readonly count: (event: ServerEvent) => void
  readonly describe: () => ProcessSnapshot
  /** In the text format of Prometheus. `expires` is the end of the certificate, in milliseconds since 1970, where there is one. */
  readonly render: (readiness: Readiness, expires?: number) => Promise<string>
}

/** Counts what this process answers, and tells it with what others counted. */
export function openMetrics({ process: name = '1', gather, active }: MetricsOptions): ServerMetrics {
  const counts = createRequestCounts()
  const describe = (): ProcessSnapshot => describeProcess({ process: name, counts: counts.read(), active: active() })
  return {
    count(event) {
      if (event.type === 'request') counts.count(event)
    },
    describe,
    async render(readiness, expires) {
      const { processes, ended } = gather === undefined ? { processes: [describe()], ended: [] } : await gather()
      return formatServerMetrics(createServerSamples({ processes, ended, readiness, expires }))
    },
  }
}
