import { expect, test } from 'vitest'
import { collectGarbage } from '../src/collect-garbage.ts'

test('collectGarbage() collects what nobody uses, again and again, and leaves no gc() behind', () => {
  for (let round = 0; round < 3; round += 1) {
    const before = process.memoryUsage().arrayBuffers
    // Large enough that it is not collected while it is made, and of many so that the collector has to find each.
    let held: Buffer[] | undefined = Array.from({ length: 16 }, () => Buffer.alloc(1024 * 1024))
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThan(8 * 1024 * 1024)
    expect(held).toHaveLength(16)
    held = undefined
    collectGarbage()
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 * 1024 * 1024)
  }
  expect('gc' in globalThis).toBe(false)
})
