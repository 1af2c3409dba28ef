import fs from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { checkInvariant } from './support/invariant.ts'
import { createSweep } from './support/sweep.ts'

// The whole of it, with real processes, is `pnpm test:crash`.
describe('a transaction that breaks off', () => {
  test('the checker sees what is wrong: a missing artifact, other bytes, a truncated one', async ({ expect }) => {
    using sweep = await createSweep()
    expect(checkInvariant(sweep.prepared)).toEqual([])
    for (const damage of [(path: string) => fs.rmSync(path), (path: string) => fs.writeFileSync(path, 'kEpt'), (path: string) => fs.writeFileSync(path, 'ke')]) {
      const root = sweep.freshRoot()
      damage(join(root, 'noarch/kept-1.0-0.conda'))
      expect(checkInvariant(root).length).toBeGreaterThanOrEqual(3)
    }
  })

  test('killed before or after any operation: every index is true, and the next run completes', { timeout: 120_000 }, async ({ expect }) => {
    using sweep = await createSweep()
    const { points, bad } = await sweep.sweepKills()
    expect(bad).toEqual([])
    expect(points).toBe(2 * await sweep.countOperations())
    expect(points).toBeGreaterThan(200)
  })

  test('a full disk at any operation: a named error or none, every index is true, and the next run completes', { timeout: 120_000 }, async ({ expect }) => {
    using sweep = await createSweep()
    const { points, bad } = await sweep.sweepErrors('ENOSPC')
    expect(bad).toEqual([])
    expect(points).toBeGreaterThan(100)
  })

  test('short writes, of one byte and of part of what was asked, change nothing', async ({ expect }) => {
    using sweep = await createSweep()
    for (const bytes of [1, 7, 100]) {
      const root = sweep.freshRoot()
      const { io, error } = await sweep.runFaulted(root, { type: 'short', bytes })
      expect(error).toBeUndefined()
      expect(io.operations.filter((operation) => operation.startsWith('write')).length).toBeGreaterThan(50)
      expect(await sweep.checkAfter(root)).toEqual([])
    }
  })
})
