import { setTimeout as sleepFor } from 'node:timers/promises'

/** A bandwidth that all transfers of a client share. */
export interface Bandwidth {
  /** Waits until so many more bytes may pass. Rejects when the signal aborts. */
  readonly take: (bytes: number, signal?: AbortSignal) => Promise<void>
}

/** The time that a bandwidth goes by, in milliseconds. */
export interface BandwidthClock {
  readonly now: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>
}

const SYSTEM_CLOCK: BandwidthClock = {
  now: () => performance.now(),
  sleep: async (milliseconds, signal) => {
    await sleepFor(milliseconds, undefined, signal === undefined ? {} : { signal })
  },
}

/** What was not used lately may be made up for, up to so many milliseconds. */
const SLACK = 100

/** Creates a shared bandwidth of so many bytes a second, smoothed over a tenth of a second. */
export function createBandwidth(bytesPerSecond: number, clock: BandwidthClock = SYSTEM_CLOCK): Bandwidth {
  let free = clock.now()
  return {
    async take(bytes, signal) {
      const now = clock.now()
      free = Math.max(free, now - SLACK) + (bytes / bytesPerSecond) * 1000
      if (free > now) await clock.sleep(free - now, signal)
    },
  }
}
