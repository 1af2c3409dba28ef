import { describe, test } from 'vitest'
import { createGuessLimit, type Guess, type GuessLimit } from '../../src/access/guess-limit.ts'

function createLimit(): { readonly limit: GuessLimit; readonly clock: { now: number } } {
  const clock = { now: 1_000_000 }
  return { limit: createGuessLimit({ isUser: (name) => name === 'ann', now: () => clock.now }), clock }
}

function guess(limit: GuessLimit, times: number, of: Guess | ((time: number) => Guess)): readonly string[] {
  return Array.from({ length: times }, (_, time) => limit.count(typeof of === 'function' ? of(time) : of).status)
}

const counted = (statuses: readonly string[]): number => statuses.filter((status) => status === 'counted').length

describe('createGuessLimit()', () => {
  test('ten wrong guesses of an address, then none for five minutes', ({ expect }) => {
    const { limit, clock } = createLimit()
    expect(counted(guess(limit, 10_000, { address: '1.2.3.4', user: undefined }))).toBe(10)
    expect(limit.count({ address: '1.2.3.4', user: 'ann' })).toEqual({ status: 'refused', milliseconds: 300_000, isFirst: false })
    expect(counted(guess(limit, 1, { address: '1.2.3.5', user: 'ann' }))).toBe(1)
    clock.now += 299_999
    expect(limit.count({ address: '1.2.3.4', user: undefined })).toMatchObject({ status: 'refused', milliseconds: 1 })
    clock.now += 1
    expect(counted(guess(limit, 20, { address: '1.2.3.4', user: undefined }))).toBe(10)
  })

  test('many at once count before they are known to be wrong; right ones are taken back', ({ expect }) => {
    const { limit } = createLimit()
    const verdicts = Array.from({ length: 12 }, () => limit.count({ address: '1.2.3.4', user: 'ann' }))
    expect(verdicts.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 'counted'), 'refused', 'refused'])
    for (const verdict of verdicts.slice(0, 4)) if (verdict.status === 'counted') verdict.right()
    expect(counted(guess(limit, 12, { address: '1.2.3.4', user: 'ann' }))).toBe(4)
  })

  test('the first refusal is told, once for each time', ({ expect }) => {
    const { limit, clock } = createLimit()
    guess(limit, 10, { address: '1.2.3.4', user: undefined })
    const firsts = (): readonly boolean[] => Array.from({ length: 3 }, () => limit.count({ address: '1.2.3.4', user: undefined })).map((verdict) => verdict.status === 'refused' && verdict.isFirst)
    expect(firsts()).toEqual([true, false, false])
    clock.now += 300_000
    guess(limit, 10, { address: '1.2.3.4', user: undefined })
    expect(firsts()).toEqual([true, false, false])
  })

  test('a hundred guesses at a user, from wherever; a name that nobody has is treated alike', ({ expect }) => {
    for (const user of ['ann', 'nobody']) {
      const { limit } = createLimit()
      expect(counted(guess(limit, 10_000, (time) => ({ address: `10.0.${time >> 8}.${time & 255}`, user }))), user).toBe(100)
    }
  })

  test('names that nobody has do not make it forget users', ({ expect }) => {
    const { limit } = createLimit()
    guess(limit, 100, (time) => ({ address: `10.0.0.${time}`, user: 'ann' }))
    guess(limit, 20_000, (time) => ({ address: `10.1.${time >> 8}.${time & 255}`, user: `nobody${time}` }))
    expect(limit.count({ address: '1.1.1.1', user: 'ann' }).status).toBe('refused')
  })

  test('one household is one place in IPv6', ({ expect }) => {
    const { limit } = createLimit()
    expect(counted(guess(limit, 1000, (time) => ({ address: `2001:db8::${time.toString(16)}`, user: undefined })))).toBe(10)
  })
})
