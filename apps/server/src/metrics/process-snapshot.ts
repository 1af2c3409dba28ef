import type { CountRow } from './request-counts.ts'

/** What one process of the server knows of itself: plain values, so that it can be sent to another one. */
export interface ProcessSnapshot {
  /** Which of the processes it is: `1` where there is one. */
  readonly process: string
  readonly counts: CountRow
  readonly active: number
  readonly residentBytes: number
  readonly heapBytes: number
  readonly externalBytes: number
  readonly processorSeconds: number
  /** Seconds since 1970. */
  readonly started: number
}

/** Describes this process. */
export function describeProcess({ process: name, counts, active }: Pick<ProcessSnapshot, 'process' | 'counts' | 'active'>): ProcessSnapshot {
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return { process: name, counts, active, residentBytes: rss, heapBytes: heapUsed, externalBytes: external, processorSeconds: (user + system) / 1e6, started: performance.timeOrigin / 1000 }
}
