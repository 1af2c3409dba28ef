import type { Store } from '@mirror/store'
import type { SyncReport } from '@mirror/sync'

/** When a sync of a channel last ended, and how. */
export interface LastRun {
  /** ISO 8601. */
  readonly finished: string
  readonly status: SyncReport['status']
  readonly held: number
}

const MEMO = 'last-run'
const STATUSES: readonly SyncReport['status'][] = ['unchanged', 'planned', 'committed', 'refused', 'held']

/** Notes how a sync ended, beside a store that has something. */
export async function writeLastRun(store: Store, report: SyncReport, now: number): Promise<void> {
  if (report.generation === undefined) return
  const run: LastRun = { finished: new Date(now).toISOString(), status: report.status, held: report.held.length }
  await store.writeMemo(MEMO, run)
}

/** Reads it back; undefined when there is none that can be read. */
export async function readLastRun(store: Store): Promise<LastRun | undefined> {
  const memo = await store.readMemo(MEMO)
  if (typeof memo !== 'object' || memo === null || !('finished' in memo) || !('status' in memo) || !('held' in memo)) return undefined
  const status = STATUSES.find((known) => known === memo.status)
  if (typeof memo.finished !== 'string' || typeof memo.held !== 'number' || status === undefined) return undefined
  return { finished: memo.finished, status, held: memo.held }
}
