import { describe, onTestFinished, test, vi } from 'vitest'
import { createTransferWatch, type TransferLimits, type WatchedTransfer } from '../src/transfer-watch.ts'

const LIMITS: TransferLimits = { stall: 30_000, minimumRate: 1024, rateWindow: 30_000, total: Infinity }

/** A transfer on a clock that the test moves, and why it ended. */
function begin(limits: Partial<TransferLimits> = {}): { readonly transfer: WatchedTransfer; readonly failures: string[] } {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  const watch = createTransferWatch({ ...LIMITS, ...limits })
  onTestFinished(() => {
    watch.close()
    vi.useRealTimers()
  })
  const failures: string[] = []
  return { transfer: watch.begin(({ message }) => failures.push(message)), failures }
}

describe('createTransferWatch()', () => {
  test('ends a transfer that waits without a byte, once', ({ expect }) => {
    const { transfer, failures } = begin()
    transfer.waiting()
    vi.advanceTimersByTime(29_000)
    expect(failures).toEqual([])
    vi.advanceTimersByTime(60_000)
    expect(failures).toEqual(['no byte moved for 30 s'])
  })

  test('does not count the time of a consumer', ({ expect }) => {
    const { transfer, failures } = begin()
    transfer.waiting()
    transfer.resting()
    vi.advanceTimersByTime(3_600_000)
    transfer.waiting()
    vi.advanceTimersByTime(29_000)
    expect(failures).toEqual([])
  })

  test('ends a transfer that is too slow over the window, and not one that is just fast enough', ({ expect }) => {
    const rates = [[1000, ['it is slower than 1024 bytes a second']], [1100, []]] as const
    for (const [rate, expected] of rates) {
      const { transfer, failures } = begin()
      transfer.waiting()
      for (let second = 0; second < 61; second += 1) {
        transfer.moved(rate)
        vi.advanceTimersByTime(1000)
      }
      expect(failures).toEqual(expected)
    }
  })

  test('ends a transfer that takes too long, whatever it does', ({ expect }) => {
    const { transfer, failures } = begin({ total: 5000 })
    transfer.resting()
    vi.advanceTimersByTime(6000)
    expect(failures).toEqual(['it took longer than 5 s'])
  })

  test('has no timer when nothing is under way', ({ expect }) => {
    const { transfer } = begin()
    expect(vi.getTimerCount()).toBe(1)
    transfer.end()
    expect(vi.getTimerCount()).toBe(0)
  })
})
