// X5: a power cut after each change, on real file systems: part of `npm run prove`.
import { existsSync } from 'node:fs'
import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { addSweep, createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { type KeepingScenario, openMirror } from './keeping-scenarios.ts'
import { createImage, type FileSystem, mount, snapshotIo, unmount, whyNoMounts } from './power-cut.ts'
import { checkPoint } from './sweep-scenario.ts'
import { createAllScenarios } from './sync-scenarios.ts'

const { folder } = readGiven(process.argv[2])
/** On ext4 everything that changes a mirror; on the others the one with most kinds of changes. */
const SCENARIOS: Readonly<Record<FileSystem, readonly string[]>> = { ext4: ['update', 'rollback', 'prune', 'adopt', 'repair'], xfs: ['update'], btrfs: ['update'] }

async function sweep(scenario: KeepingScenario, type: FileSystem): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  const own = join(folder, `${type}-${scenario.name}`)
  await mkdir(own)
  const prepared = join(own, 'prepared')
  await scenario.prepare(prepared)
  const image = createImage(own, type)
  const where = join(own, 'disk')
  const mirror = join(where, 'mirror')
  mount(image, where, type)
  if (existsSync(prepared)) await cp(prepared, mirror, { recursive: true, preserveTimestamps: true })
  unmount(where)
  mount(image, where, type)
  const { io, taken } = snapshotIo(image, own)
  try {
    await scenario.run(openMirror(mirror, io), mirror)
  } finally {
    unmount(where)
  }
  const bad: string[] = []
  for (const [index, snapshot] of taken().entries()) {
    mount(snapshot, where, type)
    try {
      const problems = await checkPoint(scenario, mirror).catch((error: unknown) => [`not recovered: ${String(error)}`])
      bad.push(...problems.map((problem) => `cut after change ${index}: ${problem}`))
    } finally {
      unmount(where)
    }
    await rm(snapshot)
  }
  await rm(own, { recursive: true })
  return { points: taken().length, bad }
}

const found = createFound()
for (const type of ['ext4', 'xfs', 'btrfs'] as const) {
  const why = whyNoMounts(folder, type)
  if (why !== undefined) {
    found.notes.push(`skipped - ${why}`)
    continue
  }
  for (const scenario of await createAllScenarios(folder)) if (SCENARIOS[type].includes(scenario.name)) addSweep(found, `${type}, ${scenario.name}`, await sweep(scenario, type))
}
printFound(found.points === 0 ? { skipped: found.notes.join('; ') } : found)
