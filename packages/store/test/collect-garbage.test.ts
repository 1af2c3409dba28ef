import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collectGarbage } from '../src/collect-garbage.ts'

/** Things that nobody uses any more once the turn of the event loop is over: until then a weak reference keeps what it was made of. */
function createUnused(): readonly WeakRef<object>[] {
  return Array.from({ length: 100 }, () => new WeakRef({ bytes: new Uint8Array(1000) }))
}

test('collectGarbage() collects what nobody uses, again and again, and leaves no gc() behind', async () => {
  for (let round = 0; round < 3; round += 1) {
    const unused = createUnused()
    const used = new WeakRef(unused)
    await nextTurn()
    collectGarbage()
    expect(unused.filter((reference) => reference.deref() !== undefined)).toHaveLength(0)
    expect(used.deref()).toBe(unused)
  }
  expect('gc' in globalThis).toBe(false)
})
