/**
 * Compares closures with the whole, by the real solver on real and synthetic channels:
 *
 *     node packages/selection/test/oracle/closure.ts [SETS]
 *
 * Prints a line a channel, and each set whose answer differs; exits with 1 where that must not be. Real channels come from the folder in MIRROR_TEST_DATA.
 *
 * Of real channels the answers are the same. A synthetic one is so knotted that the solver has to go back, and then what is in no solution leads it to another one of the
 * solutions now and then; one is there on both sides or on neither, always, and an exact closure gives the same answers.
 */
import { HAS_REAL_DATA, readChannels, REAL_DATA, type SolverChannel } from './channels.ts'
import { type Comparison, compareSets, randomOf, summarize } from './compare.ts'
import { createSolver } from './solver.ts'
import { createSyntheticChannel } from './synthetic-channel.ts'

const sets = Number(process.argv[2] ?? 130)
if (!HAS_REAL_DATA) throw new Error(`There are no real channels in ${REAL_DATA}: set MIRROR_TEST_DATA`)

interface Job {
  readonly channel: SolverChannel
  readonly exact: boolean
  readonly allowed: readonly Comparison['outcome'][]
}

const synthetic = createSyntheticChannel(12)
const jobs: readonly Job[] = [
  ...readChannels().map((channel): Job => ({ channel, exact: false, allowed: ['same', 'none'] })),
  { channel: synthetic, exact: false, allowed: ['same', 'none', 'other solution'] },
  { channel: { ...synthetic, name: `${synthetic.name}, exact` }, exact: true, allowed: ['same', 'none'] },
]
const all: Comparison[] = []
const solver = await createSolver()
for (const { channel, exact, allowed } of jobs) {
  const found = await compareSets(solver, { channel, exact, count: Math.ceil(sets / jobs.length), random: randomOf(exact ? synthetic : channel) })
  all.push(...found)
  console.log(`${channel.name}: ${summarize(found)}, slowest closure ${Math.max(...found.map(({ milliseconds }) => milliseconds)).toFixed(0)} ms`)
  for (const each of found) if (each.outcome !== 'same' && each.outcome !== 'none') console.log(`  ${each.outcome}: ${each.mode} ${each.seeds.join(', ')}: ${each.difference}`)
  if (found.some(({ outcome }) => !allowed.includes(outcome))) process.exitCode = 1
}
await solver.close()
console.log(`in all: ${summarize(all)}`)
