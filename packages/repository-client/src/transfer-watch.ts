import { TransientFailure } from './failure.ts'

/** Limits of one transfer. Times in milliseconds; Infinity switches one off. */
export interface TransferLimits {
  /** No byte for so long. */
  readonly stall: number
  /** Bytes a second that must come on average over each `rateWindow`. */
  readonly minimumRate: number
  readonly rateWindow: number
  /** From the request to the last byte. */
  readonly total: number
}

/** One transfer under watch. Time counts only between `waiting` and `resting`: a slow consumer is not a slow server. */
export interface WatchedTransfer {
  readonly waiting: () => void
  readonly resting: () => void
  /** So many bytes came, or went. */
  readonly moved: (bytes: number) => void
  readonly end: () => void
}

/** Watches all transfers of a client with one timer. */
export interface TransferWatch {
  /** Starts a transfer, at rest; `onFailure` is called at most once, after which the transfer is over. */
  readonly begin: (onFailure: (failure: TransientFailure) => void) => WatchedTransfer
  readonly close: () => void
}

interface Row {
  readonly onFailure: (failure: TransientFailure) => void
  readonly started: number
  waiting: boolean
  last: number
  waited: number
  bytes: number
}

const TICKS_PER_LIMIT = 4
const SHORTEST_TICK = 10
const LONGEST_TICK = 1000

/** Creates the watch: one timer that runs only while there are transfers. */
export function createTransferWatch(limits: TransferLimits): TransferWatch {
  const rows = new Set<Row>()
  const tick = Math.max(SHORTEST_TICK, Math.min(LONGEST_TICK, Math.min(limits.stall, limits.rateWindow, limits.total) / TICKS_PER_LIMIT))
  let timer: NodeJS.Timeout | undefined
  let lastTick = 0

  function check(): void {
    const now = performance.now()
    const passed = now - lastTick
    lastTick = now
    for (const row of rows) {
      const failure = failureOf(row, { now, passed, limits })
      if (failure === undefined) continue
      remove(row)
      row.onFailure(failure)
    }
  }

  function remove(row: Row): void {
    rows.delete(row)
    if (rows.size > 0 || timer === undefined) return
    clearInterval(timer)
    timer = undefined
  }

  return {
    begin(onFailure) {
      const started = performance.now()
      const row: Row = { onFailure, started, waiting: false, last: started, waited: 0, bytes: 0 }
      rows.add(row)
      if (timer === undefined) {
        lastTick = started
        timer = setInterval(check, tick)
      }
      return watchedTransfer(row, () => remove(row))
    },
    close() {
      rows.clear()
      clearInterval(timer)
      timer = undefined
    },
  }
}

function watchedTransfer(row: Row, end: () => void): WatchedTransfer {
  return {
    waiting() {
      if (row.waiting) return
      row.waiting = true
      row.last = performance.now()
    },
    resting() {
      row.waiting = false
    },
    moved(bytes) {
      row.bytes += bytes
      row.last = performance.now()
    },
    end,
  }
}

function failureOf(row: Row, { now, passed, limits }: { readonly now: number; readonly passed: number; readonly limits: TransferLimits }): TransientFailure | undefined {
  if (now - row.started >= limits.total) return new TransientFailure('stalled', `it took longer than ${limits.total / 1000} s`)
  if (!row.waiting) return undefined
  if (now - row.last >= limits.stall) return new TransientFailure('stalled', `no byte moved for ${limits.stall / 1000} s`)
  row.waited += passed
  if (row.waited < limits.rateWindow) return undefined
  const tooSlow = row.bytes < (limits.minimumRate * row.waited) / 1000
  row.waited = 0
  row.bytes = 0
  return tooSlow ? new TransientFailure('stalled', `it is slower than ${limits.minimumRate} bytes a second`) : undefined
}
