import type { DiskIo } from './disk-io.ts'

/** Makes written files durable in the background, a bounded number at a time, while more is being written. */
export interface SyncQueue {
  /** Takes over an open file: syncs and closes it. Resolves at once while there is room, else when there is. `failed` is called instead of a rejection. */
  readonly add: (fd: number, failed: (error: unknown) => void) => Promise<void> | undefined
  /** Resolves when nothing is under way any more. */
  readonly drain: () => Promise<void>
}

const AT_ONCE = 16
const OPEN_FILES = 128

interface Waiting {
  readonly fd: number
  readonly failed: (error: unknown) => void
}

/** Creates an empty queue. Files open at any time: at most 128, plus those that callers are writing. */
export function createSyncQueue(io: DiskIo): SyncQueue {
  const waiting: Waiting[] = []
  let running = 0
  let wake: (() => void)[] = []
  let idle: (() => void)[] = []

  async function run({ fd, failed }: Waiting): Promise<void> {
    try {
      await io.sync(fd)
    } catch (error) {
      failed(error)
    } finally {
      io.close(fd)
    }
  }

  function pump(): void {
    while (running < AT_ONCE) {
      const next = waiting.pop()
      if (next === undefined) break
      running += 1
      void run(next).then(() => {
        running -= 1
        pump()
      })
    }
    if (waiting.length + running < OPEN_FILES) {
      const woken = wake
      wake = []
      for (const resume of woken) resume()
    }
    if (waiting.length + running === 0) {
      const ended = idle
      idle = []
      for (const resume of ended) resume()
    }
  }

  return {
    add(fd, failed) {
      waiting.push({ fd, failed })
      pump()
      return waiting.length + running < OPEN_FILES ? undefined : new Promise((resolve) => wake.push(resolve))
    },
    async drain() {
      if (waiting.length + running > 0) await new Promise<void>((resolve) => idle.push(resolve))
    },
  }
}
