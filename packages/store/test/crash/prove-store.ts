// X1-X4 of the reference transaction: part of `npm run prove`.
import process from 'node:process'
import { addSweep, createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { createSweep, type SweepResult } from '../support/sweep.ts'
import { sweepProcesses } from './processes.ts'

const { quick } = readGiven(process.argv[2])
using sweep = await createSweep()
const found = createFound()
const operations = await sweep.countOperations()
found.notes.push(`the reference transaction makes ${operations} changes`)

async function sweepShortWrites(): Promise<SweepResult> {
  const bad: string[] = []
  const sizes = quick ? [1, 100] : [1, 2, 3, 7, 50, 100, 1000]
  for (const bytes of sizes) {
    const root = sweep.freshRoot()
    const { error } = await sweep.runFaulted(root, { type: 'short', bytes })
    if (error !== undefined) bad.push(`writes of ${bytes} bytes: ${String(error)}`)
    bad.push(...await sweep.checkAfter(root))
  }
  return { points: sizes.length, bad }
}

const families: readonly (readonly [string, () => Promise<SweepResult>])[] = [
  ['X1 killed before and after each change', () => sweep.sweepKills()],
  ...(quick ? [] : [['X1 the same, real processes and SIGKILL', () => sweepProcesses(sweep)], ['X2 killed again during recovery', () => sweep.sweepRecovery()]] as const),
  ...(quick ? ['ENOSPC'] : ['ENOSPC', 'EIO', 'EROFS', 'EDQUOT']).map((code) => [`X3 ${code} at each change`, () => sweep.sweepErrors(code)] as const),
  ['X4 short writes', sweepShortWrites],
]
for (const [name, run] of families) addSweep(found, name, await run())
printFound(found)
