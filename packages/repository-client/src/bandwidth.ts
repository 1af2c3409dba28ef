import { setTimeout as sleepFor } from 'node:timers/promises'

/** A bandwidth that all transfers of a client share. */
export interface Bandwidth {
  /** Waits until so many more bytes may pass. Rejects when the signal aborts. */
  readonly take: (bytes: number, signal?: AbortSignal) => Promise<void>
}

/** Creates a shared bandwidth of so many bytes a second, smoothed over a tenth of a second. */
export function createBandwidth(bytesPerSecond: number): Bandwidth {
  const slack = 100
  let free = performance.now()
  return {
    async take(bytes, signal) {
      const now = performance.now()
      free = Math.max(free, now - slack) + (bytes / bytesPerSecond) * 1000
      if (free > now) await sleepFor(free - now, undefined, signal === undefined ? {} : { signal })
    },
  }
}
