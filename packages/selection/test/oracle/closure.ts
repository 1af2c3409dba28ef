/**
 * Compares closures with the whole, by the real solver on real and synthetic channels:
 *
 *     node packages/selection/test/oracle/closure.ts [SETS]
 *
 * Prints a line a channel, and each set whose answer differs; exits with 1 where there is one. Real channels come from the folder in MIRROR_TEST_DATA.
 */
import { HAS_REAL_DATA, readChannels, REAL_DATA } from './channels.ts'
import { type Comparison, compareSets, randomOf, summarize } from './compare.ts'
import { createSolver } from './solver.ts'
import { createSyntheticChannel } from './synthetic-channel.ts'

const sets = Number(process.argv[2] ?? 130)
if (!HAS_REAL_DATA) throw new Error(`There are no real channels in ${REAL_DATA}: set MIRROR_TEST_DATA`)

const channels = [...readChannels(), createSyntheticChannel(12)]
const all: Comparison[] = []
const solver = await createSolver()
for (const channel of channels) {
  const found = await compareSets(solver, { channel, count: Math.ceil(sets / channels.length), random: randomOf(channel) })
  all.push(...found)
  console.log(`${channel.name}: ${summarize(found)}, slowest closure ${Math.max(...found.map(({ milliseconds }) => milliseconds)).toFixed(0)} ms`)
  for (const each of found) if (each.outcome !== 'same' && each.outcome !== 'none') console.log(`  ${each.outcome}: ${each.mode} ${each.seeds.join(', ')}: ${each.difference}`)
}
await solver.close()
console.log(`in all: ${summarize(all)}`)
if (all.some(({ outcome }) => outcome !== 'same' && outcome !== 'none')) process.exitCode = 1
