import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createDiskStore } from '@mirror/store'
import { rollbackChannel } from '@mirror/sync'
import { buildChannel, changeChannel } from '@mirror/test-fixtures'
import { createRandom } from '../../../packages/sync/test/crash/random.ts'
import { runSync } from '../../../packages/sync/test/run-sync.ts'

const STATES = 12
const GRACE = 4000

/** Upstream as it is from day to day: one name comes each time, and one goes. No name is used again for other bytes. */
const buildStates = async (folder) => {
  const paths = [join(folder, 'state-0')]
  await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }, { name: 'day-0' }], 'linux-64': [{ name: 'beta' }, { name: 'night-0' }] }, index: { variants: ['zst'] } }, paths[0])
  for (let day = 1; day < STATES; day += 1) {
    const path = join(folder, `state-${day}`)
    await cp(paths.at(-1), path, { recursive: true })
    await changeChannel(path, {
      add: { noarch: [{ name: `day-${day}` }], 'linux-64': [{ name: `night-${day}` }] },
      remove: { noarch: [`day-${day - 1}-1.0-0.conda`], 'linux-64': [`night-${day - 1}-1.0-0.conda`] },
    })
    paths.push(path)
  }
  return paths
}

const startReader = (port, seed) => {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('reader.mjs', import.meta.url)), String(port), String(seed)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let last = { reads: 0, artifacts: 0, indexes: 0, violations: [], isLast: false }
  child.on('message', (message) => { last = message })
  return { child, told: () => last, ended: once(child, 'close') }
}

const run = async (scene, { quick, seed, tell, count }) => {
  const wanted = quick ? { reads: 10_000, switches: 20 } : { reads: 100_000, switches: 200 }
  const folder = await mkdtemp(join(scene.folder, 'switches-'))
  const mirrorDir = join(folder, 'mirror')
  const mirror = join(mirrorDir, 'channel')
  await mkdir(mirrorDir)
  const states = await buildStates(folder)
  const random = createRandom(seed)
  const store = createDiskStore({ root: mirror, keep: 3 })
  const syncTo = (state) => runSync(pathToFileURL(states[state]).href, { folder, mirror }, { grace: GRACE, store, limits: { allowRollback: true } })
  await syncTo(0)
  const server = await scene.serve({ mirrorDir, args: ['--processes', '2'] })
  const readers = [1, 2].map((at) => startReader(server.port, seed + at))
  const reads = () => readers.reduce((sum, { told }) => sum + told().reads, 0)
  const done = { syncs: 0, rollbacks: 0, tidied: 0 }
  const problems = []
  const switches = () => done.syncs + done.rollbacks
  for (let day = 1; switches() < wanted.switches || reads() < wanted.reads; day += 1) {
    const { report } = await syncTo(random(STATES))
    if (report.status === 'committed') done.syncs += 1
    else if (report.status !== 'unchanged') problems.push(`a sync ended as ${report.status}`)
    const before = day % 5 === 0 ? (await store.generations())[1] : undefined
    if (before !== undefined && await rollbackChannel({ store, to: before.number, spoolFolder: folder }) !== undefined) done.rollbacks += 1
    const tidied = await store.tidy({ grace: GRACE })
    if ('deleted' in tidied) done.tidied += tidied.deleted.count
    if (readers.some(({ child }) => child.exitCode !== null) || problems.length > 0) break
  }
  for (const { child, ended, told } of readers) {
    if (child.connected) child.send('stop')
    await ended
    if (!told().isLast) problems.push('a reader did not come to its end')
    problems.push(...told().violations)
  }
  const code = await server.stop()
  if (code !== 0) problems.push(`the server ended with ${code}`)
  const sum = (read) => readers.reduce((total, { told }) => total + read(told()), 0)
  tell(`switches: ${reads()} index reads and ${sum(({ artifacts }) => artifacts)} artifacts and shards over ${switches()} switches (${done.syncs} syncs, ${done.rollbacks} rollbacks); ${sum(({ indexes }) => indexes)} different indexes read, ${done.tidied} files deleted`)
  count(reads())
  return problems.length === 0 ? undefined : problems.slice(0, 10).join('\n')
}

/** Index reads through a server while syncs and rollbacks switch what it serves. */
export const switchCases = [{ id: 'V12', name: 'switches under load', run }]
