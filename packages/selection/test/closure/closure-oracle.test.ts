import { describe, test } from 'vitest'
import { HAS_REAL_DATA, readChannels, REAL_DATA } from '../oracle/channels.ts'
import { compareSets, randomOf } from '../oracle/compare.ts'
import { createSolver } from '../oracle/solver.ts'

// Real channels are not in the repository (MIRROR_TEST_DATA): skipped where their folder is absent. More sets, and more channels: test/oracle/closure.ts.
describe.skipIf(!HAS_REAL_DATA)(`closeOver() and the solver on real channels${HAS_REAL_DATA ? '' : ` (there are none in ${REAL_DATA}: set MIRROR_TEST_DATA)`}`, () => {
  const wanted = ['repodata/conda-subchannel-demo linux-64', 'channels/rattler/conditional-repodata noarch', 'channels/rattler/dummy-optional-dependencies noarch', 'repodata/conda-tests/index4.json']

  test.for(wanted)('rattler picks from the closure what it picks from the whole of %s', { timeout: 60_000 }, async (name, { expect, onTestFinished }) => {
    const [channel] = readChannels(name)
    if (channel === undefined) throw new Error(`There is no channel ${name}`)
    const solver = await createSolver()
    onTestFinished(() => solver.close())
    const found = await compareSets(solver, { channel, count: 4, random: randomOf(channel) })
    expect(found.filter(({ outcome }) => outcome !== 'same' && outcome !== 'none')).toEqual([])
    expect(found.some(({ outcome }) => outcome === 'same')).toBe(true)
  })
})
