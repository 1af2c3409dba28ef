import { isJsonObject, isMirrorError } from '@mirror/core'
import type { Store } from '@mirror/store'
import type { SyncReport } from '@mirror/sync'

/** How a run on a channel ended. */
export interface PastRun {
  readonly command: string
  /** ISO 8601. */
  readonly finished: string
  /** Milliseconds. */
  readonly duration: number
  /** That of the report; `failed` for a run that has none. */
  readonly status: SyncReport['status'] | 'failed'
  readonly generation: number | undefined
  readonly added: number
  readonly removed: number
  readonly fetchedBytes: number
  readonly failed: number
  /** What was left as it was, and why. */
  readonly held: readonly { readonly subdir: string; readonly code: string; readonly reason: string }[]
  /** Of a run that failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined
}

const MEMO = 'runs'
const KEPT = 20

/** Notes how a run ended, beside a store that has something: the last twenty are kept. */
export async function noteRun(store: Store, run: PastRun): Promise<void> {
  if (await store.head() === undefined) return
  await store.writeMemo(MEMO, [run, ...await readRuns(store)].slice(0, KEPT))
}

/** Reads them back, newest first; those that cannot be read are left out. */
export async function readRuns(store: Store): Promise<readonly PastRun[]> {
  const memo = await store.readMemo(MEMO)
  return Array.isArray(memo) ? memo.flatMap((value: unknown) => (isRun(value) ? [value] : [])) : []
}

const STATUSES: readonly unknown[] = ['unchanged', 'planned', 'committed', 'refused', 'held', 'failed']

function isRun(value: unknown): value is PastRun {
  if (!isJsonObject(value) || !STATUSES.includes(value['status']) || !Array.isArray(value['held'])) return false
  const { error, held } = value
  const hasTexts = ['command', 'finished'].every((key) => typeof value[key] === 'string')
  const hasNumbers = ['duration', 'added', 'removed', 'fetchedBytes', 'failed'].every((key) => typeof value[key] === 'number')
  return hasTexts && hasNumbers && (error === undefined || isNamed(error, 'code', 'message')) && held.every((one) => isNamed(one, 'subdir', 'code', 'reason'))
}

function isNamed(value: unknown, ...keys: readonly string[]): boolean {
  return isJsonObject(value) && keys.every((key) => typeof value[key] === 'string')
}

/** A run from its report. */
export function runOfReport(report: SyncReport, { command, now }: { readonly command: string; readonly now: number }): PastRun {
  const { status, generation, totals, fetched, failed, held, duration } = report
  return {
    command, finished: new Date(now).toISOString(), duration, status, generation, added: totals.add, removed: totals.remove, fetchedBytes: fetched.bytes, failed: failed.length,
    held: held.map(({ subdir, code, reason }) => ({ subdir, code, reason })), error: undefined,
  }
}

/** What is told of a run that fetched nothing. */
export type LocalRun = Pick<PastRun, 'command' | 'generation' | 'added' | 'removed'>

/** Notes a run that changed the mirror without upstream. The note is for `status` alone: that it cannot be kept is no matter. */
export async function noteLocalRun(store: Store, run: LocalRun, now: number): Promise<void> {
  try {
    await noteRun(store, { ...run, finished: new Date(now).toISOString(), duration: 0, status: 'committed', fetchedBytes: 0, failed: 0, held: [], error: undefined })
  } catch (error) {
    if (!isMirrorError(error)) throw error
  }
}
