import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createAbortListeners } from '../src/abort-listeners.ts'

describe('createAbortListeners()', () => {
  it('tells everyone who waits, once, and nobody who stopped waiting', () => {
    const aborts = createAbortListeners()
    const controller = new AbortController()
    const told: string[] = []
    aborts.add(controller.signal, () => told.push('first'))
    const forget = aborts.add(controller.signal, () => told.push('second'))
    const forgetThird = aborts.add(controller.signal, () => {
      told.push('third')
      forgetThird()
    })
    forget()
    controller.abort()
    expect(told).toEqual(['first', 'third'])
  })

  it('listens to a signal once, and not at all when nobody waits', () => {
    const aborts = createAbortListeners()
    const { signal } = new AbortController()
    const forget = [1, 2, 3].map(() => aborts.add(signal, () => undefined))
    expect(getEventListeners(signal, 'abort').length).toBe(1)
    for (const each of forget) {
      each()
      each()
    }
    expect(getEventListeners(signal, 'abort').length).toBe(0)
    aborts.add(signal, () => undefined)
    expect(getEventListeners(signal, 'abort').length).toBe(1)
  })
})
