import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'vitest'
import { createScenarios, sweepPlace } from './keeping-scenarios.ts'
import { sweepScenario } from './sweep-scenario.ts'
import { sweepWeakDisk } from './sweep-weak-disk.ts'

// At every change, with real processes that are killed, and with more kinds of errors, it is `pnpm test:slow`.
const STEP = 16

test.for(['rollback', 'prune', 'removal of a channel', 'naming a generation', 'taking a name away', 'adopt', 'repair'])(
  '%s, broken off at a change of the disk, or on a full disk: no index lies, and the next run completes', { timeout: 300_000 }, async (name, { expect }) => {
    const folder = await mkdtemp(join(sweepPlace(), 'keeping-'))
    try {
      const scenario = (await createScenarios(folder)).find((candidate) => candidate.name === name)
      if (scenario === undefined) throw new Error('no such scenario')
      const { points, changes, bad } = await sweepScenario(scenario, { folder, codes: ['ENOSPC'], step: STEP })
      expect(bad).toEqual([])
      expect(changes).toBeGreaterThan(5)
      expect(points).toBe(Math.ceil(changes / STEP) * 2 + 1)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

// Both faults that the whole sweep found here were of this: what was given up before came back when what it needs was gone.
test('removal of a channel, and a power cut on a disk that keeps nothing in order: the next run removes it', { timeout: 300_000 }, async ({ expect }) => {
  const folder = await mkdtemp(join(sweepPlace(), 'removal-'))
  try {
    const scenario = (await createScenarios(folder)).find(({ name }) => name === 'removal of a channel')
    if (scenario === undefined) throw new Error('no such scenario')
    const { points, recovered, bad } = await sweepWeakDisk(scenario, { folder, seed: 1, recover: 1, step: 1 })
    expect(bad).toEqual([])
    expect(recovered).toBe(points)
    expect(points).toBeGreaterThan(50)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
