import { existsSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type KeepingScenario, openMirror } from './keeping-scenarios.ts'
import { createRandom } from './random.ts'
import { checkPoint } from './sweep-scenario.ts'
import { crashStates, recordIo, writeTree } from './weak-disk.ts'

/** How thorough a sweep over crash states is. */
export interface WeakDiskOptions {
  readonly folder: string
  readonly seed: number
  /** The indexes of every state are checked; one of so many is also recovered, and has to reach the target. */
  readonly recover: number
  /** The states after every change, or after every second one, and so on. */
  readonly step: number
  /** Ends with the first fault. Default false. */
  readonly untilBad?: boolean
}

/** What is wrong in every legal state; `untilBad` ends with the first that is. */
export async function sweepWeakDisk(scenario: KeepingScenario, { folder, recover, step, seed, untilBad = false }: WeakDiskOptions): Promise<{ readonly points: number; readonly recovered: number; readonly bad: readonly string[] }> {
  const prepared = join(folder, `weak ${scenario.name}`)
  await scenario.prepare(prepared)
  const mirror = join(folder, 'weak')
  if (existsSync(prepared)) await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
  const { io, operations } = recordIo(mirror)
  await scenario.run(openMirror(mirror, io), mirror)
  await rm(mirror, { recursive: true, force: true })
  const bad: string[] = []
  let points = 0
  let recovered = 0
  for (const { name, tree } of crashStates(prepared, operations, { random: createRandom(seed), step })) {
    if (untilBad && bad.length > 0) break
    writeTree(tree, mirror)
    const isRecovered = points % recover === 0
    const problems = isRecovered ? await checkPoint(scenario, mirror).catch((error: unknown) => [`not recovered: ${String(error)}`]) : await scenario.afterBreak(mirror)
    bad.push(...problems.map((problem) => `${name}: ${problem}`))
    points += 1
    if (isRecovered) recovered += 1
    await rm(mirror, { recursive: true, force: true })
  }
  return { points, recovered, bad }
}
