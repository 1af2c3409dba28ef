import { describe } from 'vitest'
import { createApplySweep, type Fault } from './crash/apply-sweep.ts'
import { test } from './test.ts'

/** A few points; `npm run prove -- --only=deltas` takes all of them. */
const STEP = 23

describe('applyDelta() leaves a mirror that clients can use, and goes on, when it is', () => {
  for (const [name, faultAt] of [
    ['killed', (at: number): Fault => ({ type: 'kill', at, when: 'before' })],
    ['out of space', (at: number): Fault => ({ type: 'error', at, code: 'ENOSPC' })],
  ] as const) {
    test(name, { timeout: 60_000 }, async ({ folder, expect }) => {
      using sweep = await createApplySweep(folder, { adopt: false })
      const operations = await sweep.countOperations()
      expect(operations).toBeGreaterThan(60)
      for (let at = 3; at < operations; at += STEP) expect(await sweep.check(faultAt(at))).toEqual([])
    })
  }
})
