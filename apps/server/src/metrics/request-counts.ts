import type { ServerEvent } from '../events.ts'
import { findKind, REQUEST_KINDS } from './request-kind.ts'

/** How requests ended, by the first digit of the status. */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx'] as const

/** Upper bounds of durations, in seconds. */
export const DURATIONS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const

/** Of each kind: requests by status class, bytes, answers that broke off, seconds in all, and requests by duration, the last of which has no bound. */
const [BYTES, BROKEN, SECONDS] = [STATUS_CLASSES.length, STATUS_CLASSES.length + 1, STATUS_CLASSES.length + 2]
const BUCKETS = SECONDS + 1
const ROW = BUCKETS + DURATIONS.length + 1

/** All counts in one row of numbers, so that those of several processes are added as they are. */
export type CountRow = readonly number[]

/** Counts requests: some additions each, and no more memory for the millionth path than for the first. */
export interface RequestCounts {
  readonly count: (event: Extract<ServerEvent, { readonly type: 'request' }>) => void
  readonly read: () => CountRow
}

/** Creates counts that are zero. */
export function createRequestCounts(): RequestCounts {
  const row = new Float64Array(REQUEST_KINDS.length * ROW)
  const add = (at: number, amount: number): void => {
    row[at] = (row[at] ?? 0) + amount
  }
  return {
    count({ path, status, bytes, duration, isWhole }) {
      const start = REQUEST_KINDS.indexOf(findKind(path)) * ROW
      add(start + Math.min(Math.max(Math.floor(status / 100), 1), STATUS_CLASSES.length) - 1, 1)
      add(start + BYTES, bytes)
      if (!isWhole) add(start + BROKEN, 1)
      add(start + SECONDS, duration / 1000)
      const bucket = DURATIONS.findIndex((bound) => duration <= bound * 1000)
      add(start + BUCKETS + (bucket === -1 ? DURATIONS.length : bucket), 1)
    },
    read: () => [...row],
  }
}

/** Adds counts of several processes up. */
export function addCounts(rows: readonly CountRow[]): CountRow {
  return Array.from({ length: REQUEST_KINDS.length * ROW }, (_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0))
}

/** One kind's counts. */
export interface KindCounts {
  readonly byStatus: readonly number[]
  readonly bytes: number
  readonly broken: number
  readonly seconds: number
  /** In the order of `DURATIONS`, and one for those that took longer; each counts alone. */
  readonly byDuration: readonly number[]
}

/** Reads a row. */
export function readCounts(row: CountRow): readonly KindCounts[] {
  return REQUEST_KINDS.map((_, kind) => {
    const own = row.slice(kind * ROW, (kind + 1) * ROW)
    return { byStatus: own.slice(0, STATUS_CLASSES.length), bytes: own[BYTES] ?? 0, broken: own[BROKEN] ?? 0, seconds: own[SECONDS] ?? 0, byDuration: own.slice(BUCKETS) }
  })
}
