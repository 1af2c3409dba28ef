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
  const room = createSleepers()
  const idle = createSleepers()
  let waitingBytes = 0
  let flowing = false
  let running = 0

  function start(file: OpenFile): void {
    waitingBytes -= file.written
    running += 1
    void syncAndClose(io, file).then(() => {
      running -= 1
      pump()
    })
  }

  /** Once it flows, it flows until nothing waits: the threads are awake. */
  function pump(): void {
    flowing ||= waiting.length >= BATCH_FILES || waitingBytes >= BATCH_BYTES || idle.count() > 0
    while (flowing && running < AT_ONCE) {
      const next = waiting.pop()
      if (next === undefined) flowing = false
      else start(next)
    }
    if (waiting.length + running < OPEN_FILES) room.wake()
    if (waiting.length + running === 0) idle.wake()
  }

  return {
    add(file) {
      waiting.push(file)
      waitingBytes += file.written
      pump()
      return waiting.length + running < OPEN_FILES ? undefined : room.sleep()
    },
    async drain() {
      if (waiting.length + running === 0) return
      const ended = idle.sleep()
      pump()
      await ended
    },
  }
}

async function syncAndClose(io: DiskIo, { fd, failed }: OpenFile): Promise<void> {
  try {
    await io.sync(fd)
  } catch (error) {
    failed(error)
  } finally {
    io.close(fd)
  }
}

/** Callers that wait for the same thing. */
interface Sleepers {
  readonly count: () => number
  readonly sleep: () => Promise<void>
  readonly wake: () => void
}

function createSleepers(): Sleepers {
  let sleeping: (() => void)[] = []
  return {
    count: () => sleeping.length,
    sleep: () => new Promise((resolve) => sleeping.push(resolve)),
    wake() {
      const woken = sleeping
      sleeping = []
      for (const resume of woken) resume()
    },
  }
}
