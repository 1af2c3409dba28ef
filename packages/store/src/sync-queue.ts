import type { DiskIo } from './disk-io.ts'

/** Makes written files durable in the background, a bounded number at a time, while more is being written. */
export interface SyncQueue {
  /** Takes over an open file: syncs and closes it. Resolves at once while there is room, else when there is. */
  readonly add: (file: OpenFile) => Promise<void> | undefined
  /** Resolves when nothing is under way any more. */
  readonly drain: () => Promise<void>
}

/** A written file. */
export interface OpenFile {
  readonly fd: number
  /** About how many bytes were written to it just now. */
  readonly written: number
  /** Called instead of a rejection. */
  readonly failed: (error: unknown) => void
}

const AT_ONCE = 16
const OPEN_FILES = 128

/** Small files are started on so many together, or on so many bytes: to wake a sleeping thread for each of them takes longer than its sync. */
const BATCH_FILES = 16
const BATCH_BYTES = 1024 * 1024

/** Creates an empty queue. Files open at any time: at most 128, plus those that callers are writing. */
export function createSyncQueue(io: DiskIo): SyncQueue {
  const waiting: OpenFile[] = []
  let waitingBytes = 0
  let flowing = false
  let running = 0
  let wake: (() => void)[] = []
  let idle: (() => void)[] = []

  async function run({ fd, failed }: OpenFile): Promise<void> {
    try {
      await io.sync(fd)
    } catch (error) {
      failed(error)
    } finally {
      io.close(fd)
    }
  }

  function start(file: OpenFile): void {
    waitingBytes -= file.written
    running += 1
    void run(file).then(() => {
      running -= 1
      pump()
    })
  }

  function pump(): void {
    flowing ||= waiting.length >= BATCH_FILES || waitingBytes >= BATCH_BYTES || idle.length > 0
    while (flowing && running < AT_ONCE) {
      const next = waiting.pop()
      if (next === undefined) flowing = false
      else start(next)
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
    add(file) {
      waiting.push(file)
      waitingBytes += file.written
      pump()
      return waiting.length + running < OPEN_FILES ? undefined : new Promise((resolve) => wake.push(resolve))
    },
    async drain() {
      if (waiting.length + running === 0) return
      const ended = new Promise<void>((resolve) => idle.push(resolve))
      pump()
      await ended
    },
  }
}
