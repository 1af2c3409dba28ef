import { describe, expect, it } from 'vitest'
import { createDiskIo, type DiskIo } from '../src/disk-io.ts'
import { createSyncQueue, type OpenFile } from '../src/sync-queue.ts'

interface Recorded {
  readonly io: DiskIo
  readonly started: number[]
  readonly closed: number[]
  /** Ends every sync under way. */
  readonly finish: (error?: Error) => void
}

/** Syncs that end when the test says so. */
function recordSyncs(): Recorded {
  const started: number[] = []
  const closed: number[] = []
  let running: PromiseWithResolvers<void>[] = []
  const io: DiskIo = {
    ...createDiskIo(),
    sync(fd) {
      started.push(fd)
      const sync = Promise.withResolvers<void>()
      running.push(sync)
      return sync.promise
    },
    close: (fd) => void closed.push(fd),
  }
  function finish(error?: Error): void {
    const ended = running
    running = []
    for (const { resolve, reject } of ended) {
      if (error === undefined) resolve()
      else reject(error)
    }
  }
  return { io, started, closed, finish }
}

const fileOf = (fd: number, written = 20_000): OpenFile => ({ fd, written, failed: () => expect.unreachable() })
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('createSyncQueue()', () => {
  it('starts small files together, and the last ones when it is drained', async () => {
    const { io, started, closed, finish } = recordSyncs()
    const queue = createSyncQueue(io)
    for (let fd = 0; fd < 15; fd += 1) expect(queue.add(fileOf(fd))).toBeUndefined()
    expect(started).toEqual([])
    void queue.add(fileOf(15))
    expect(started.length).toBe(16)
    void queue.add(fileOf(16))
    finish()
    await turn()
    expect(started.at(-1)).toBe(16)
    finish()
    await turn()
    void queue.add(fileOf(17))
    expect(started.length).toBe(17)
    const drained = queue.drain()
    expect(started.at(-1)).toBe(17)
    finish()
    await drained
    expect(closed.length).toBe(18)
  })

  it('starts a large file at once', async () => {
    const { io, started, finish } = recordSyncs()
    const queue = createSyncQueue(io)
    void queue.add(fileOf(1, 50_000_000))
    expect(started).toEqual([1])
    const drained = queue.drain()
    finish()
    await drained
  })

  it('has 16 under way at most, and 128 open', async () => {
    const { io, started, closed, finish } = recordSyncs()
    const queue = createSyncQueue(io)
    for (let fd = 0; fd < 127; fd += 1) expect(queue.add(fileOf(fd))).toBeUndefined()
    const full = queue.add(fileOf(127))
    expect(full).toBeInstanceOf(Promise)
    expect(started.length).toBe(16)
    finish()
    await full
    expect(closed.length).toBe(16)
    expect(started.length).toBe(32)
    const drained = queue.drain()
    for (let round = 0; round < 8; round += 1) {
      finish()
      await turn()
    }
    await drained
    expect(closed.length).toBe(128)
  })

  it('tells of a failed sync, and closes the file', async () => {
    const { io, closed, finish } = recordSyncs()
    const queue = createSyncQueue(io)
    const failures: unknown[] = []
    void queue.add({ fd: 7, written: 1, failed: (error) => failures.push(error) })
    const drained = queue.drain()
    const error = new Error('EIO')
    finish(error)
    await drained
    expect(failures).toEqual([error])
    expect(closed).toEqual([7])
  })

  it('drains at once when it is empty', async () => {
    await expect(createSyncQueue(recordSyncs().io).drain()).resolves.toBeUndefined()
  })
})
