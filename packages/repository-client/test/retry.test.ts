import { describe, test } from 'vitest'
import { TransientFailure } from '../src/failure.ts'
import { DEFAULT_RETRY, delayBefore, parseRetryAfter, type RetryPolicy, retrying } from '../src/retry.ts'

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0)

describe('parseRetryAfter()', () => {
  test.for([
    ['2', 2000],
    ['0', 0],
    ['1000000000', 1_000_000_000_000],
    ['Sat, 21 Nov 2026 12:00:30 GMT', 30_000],
    ['-5', undefined],
    ['Sat, 21 Nov 2026 11:00:00 GMT', undefined],
    ['soon', undefined],
    ['', undefined],
    ['1e9', undefined],
  ] as const)('reads %j as %s', ([value, expected], { expect }) => {
    expect(parseRetryAfter(value, NOW)).toBe(expected)
  })
})

describe('delayBefore()', () => {
  const policy: RetryPolicy = { ...DEFAULT_RETRY, random: () => 1 }

  test('doubles up to the maximum', ({ expect }) => {
    const failure = new TransientFailure('reset', '')
    expect([1, 2, 3, 4, 8, 20].map((number) => delayBefore(number, failure, policy))).toEqual([500, 1000, 2000, 4000, 60_000, 60_000])
  })

  test('has full jitter', ({ expect }) => {
    expect(delayBefore(4, new TransientFailure('reset', ''), { ...policy, random: () => 0 })).toBe(0)
  })

  test('obeys Retry-After, at most ten minutes, and never sooner', ({ expect }) => {
    const asked = (milliseconds: number, random: number): number => delayBefore(1, new TransientFailure('status', '', { retryAfter: milliseconds }), { ...policy, random: () => random })
    expect(asked(2000, 0)).toBe(2000)
    expect(asked(2000, 1)).toBe(2500)
    expect(asked(1e12, 0)).toBe(600_000)
  })
})

describe('retrying()', () => {
  function record(): { readonly policy: RetryPolicy; readonly waits: number[] } {
    const waits: number[] = []
    return { waits, policy: { ...DEFAULT_RETRY, random: () => 1, sleep: async (milliseconds) => void waits.push(milliseconds) } }
  }

  test('gives up after the tries, with the last failure', async ({ expect }) => {
    const { policy, waits } = record()
    let attempts = 0
    const outcome = retrying(async () => {
      attempts += 1
      throw new TransientFailure('reset', `failure ${attempts}`)
    }, { policy, onRetry: () => undefined, giveUp: (failure, tries) => new Error(`${failure.message} of ${tries}`) })
    await expect(outcome).rejects.toThrow('failure 5 of 5')
    expect(waits).toEqual([500, 1000, 2000, 4000])
  })

  test('does not repeat what is not transient', async ({ expect }) => {
    const { policy, waits } = record()
    const outcome = retrying(async () => {
      throw new TypeError('a bug')
    }, { policy, onRetry: () => undefined, giveUp: () => new Error('no') })
    await expect(outcome).rejects.toThrow(new TypeError('a bug'))
    expect(waits).toEqual([])
  })

  test('throws the reason of an abort, not the failure that it caused', async ({ expect }) => {
    const { policy } = record()
    const controller = new AbortController()
    const reason = new Error('enough')
    const outcome = retrying(async () => {
      controller.abort(reason)
      throw new TransientFailure('reset', '')
    }, { policy, signal: controller.signal, onRetry: () => undefined, giveUp: () => new Error('no') })
    await expect(outcome).rejects.toBe(reason)
  })
})
