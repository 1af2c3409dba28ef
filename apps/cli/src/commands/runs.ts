import type { PastRun } from '@mirror/store'
import type { SyncReport } from '@mirror/sync'

/** A run from its report. */
export function runOfReport(report: SyncReport, { command, now }: { readonly command: string; readonly now: number }): PastRun {
  const { status, generation, totals, fetched, failed, held, duration } = report
  return {
    command, finished: new Date(now).toISOString(), duration, status, generation,
    added: totals.add, removed: totals.remove, reused: totals.reused, relisted: totals.relisted, fetchedBytes: fetched.bytes, failed: failed.length,
    held: held.map(({ subdir, code, reason }) => ({ subdir, code, reason })), error: undefined,
  }
}
