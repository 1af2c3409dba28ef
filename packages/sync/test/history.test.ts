import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test as base } from 'vitest'
import { hasHistory, judgeStep, readHistories, replayHistory } from './history.ts'

/** The small ones, and so many states of each; all states of all channels are replayed by `npm run interop history`. */
const CHANNELS = ['barricklab', 'conda_stitch', 'jancaha', 'mojo']
const STATES = 24

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'history-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
})

// Real histories are not in the repository: skipped where their folder is absent.
describe.skipIf(!hasHistory)('syncChannel() through real histories (MIRROR_TEST_DATA)', async () => {
  const histories = hasHistory ? await readHistories(CHANNELS) : []

  test('there are some', ({ expect }) => {
    expect(histories.map(({ channel }) => channel)).toEqual(CHANNELS)
  })

  for (const { channel, states } of histories) {
    const step = Math.max(1, Math.ceil(states.length / STATES))
    const some = states.filter((_state, at) => (states.length - 1 - at) % step === 0)
    test(`${channel}: ${some.length} states`, { timeout: 60_000 }, async ({ expect, folder }) => {
      const seen = { add: 0, changed: 0 }
      for await (const replayed of replayHistory({ channel, states: some }, folder)) {
        const { expected, found } = judgeStep(replayed)
        expect(found).toEqual(expected)
        const { add, remove, reused, relisted } = replayed.difference
        seen.add += add.length
        seen.changed += remove.length + reused.length + relisted.length
      }
      expect(seen.add).toBeGreaterThan(10)
      if (channel === 'jancaha' || channel === 'conda_stitch') expect(seen.changed).toBeGreaterThan(10)
    })
  }
})
