// X6: what a disk may look like after a power cut that keeps nothing in order: part of `npm run prove`.
import process from 'node:process'
import { addSweep, createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { sweepWeakDisk } from './sweep-weak-disk.ts'
import { createAllScenarios } from './sync-scenarios.ts'

const { folder, quick, seed } = readGiven(process.argv[2])
const found = createFound()
for (const scenario of await createAllScenarios(folder)) {
  const swept = await sweepWeakDisk(scenario, { folder, seed, ...(quick ? { recover: 12, step: 4 } : { recover: 3, step: 1 }) })
  addSweep(found, `${scenario.name} (${swept.recovered} of them recovered)`, swept)
}
printFound(found)
