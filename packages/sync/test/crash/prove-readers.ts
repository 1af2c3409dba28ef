// Readers in processes of their own while one mirror is synced, rolled back, pruned and tidied: part of `npm run prove`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseSubdirName } from '@mirror/core'
import { createDiskStore } from '@mirror/store'
import { buildChannel, changeChannel, createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { pruneChannel, rollbackChannel } from '../../src/index.ts'
import { runSync } from '../run-sync.ts'
import { createRandom } from './random.ts'

interface Told {
  readonly reads: number
  readonly late: number
  readonly indexes: number
  readonly violations: readonly string[]
}

const { folder, quick, seconds, seed } = readGiven(process.argv[2])
const STATES = 12
const GRACE = 3000
/** The longest lag, and how much of the grace a commit may take: it is counted from its beginning. */
const LAGS = [0, 20, GRACE - 1500]
const PATIENCE = GRACE - 1000
const WANTED = quick ? { reads: 30_000, switches: 40 } : { reads: 1_000_000, switches: 1000 }
const mirror = join(folder, 'mirror')
const random = createRandom(seed)

/** Upstream as it is from day to day: one name comes each time, and one goes. No name is used again for other bytes. */
async function buildStates(): Promise<readonly string[]> {
  const paths: string[] = []
  const first = join(folder, 'state-0')
  await buildChannel({ subdirs: { noarch: [{ name: 'alpha' }, { name: 'day-0' }], 'linux-64': [{ name: 'beta' }, { name: 'night-0' }] }, index: { variants: ['zst'] } }, first)
  paths.push(first)
  for (let day = 1; day < STATES; day += 1) {
    const path = join(folder, `state-${day}`)
    await cp(paths.at(-1) ?? first, path, { recursive: true })
    await changeChannel(path, {
      add: { noarch: [{ name: `day-${day}` }], 'linux-64': [{ name: `night-${day}` }] },
      remove: { noarch: [`day-${day - 1}-1.0-0.conda`], 'linux-64': [`night-${day - 1}-1.0-0.conda`] },
    })
    paths.push(path)
  }
  return paths
}

function startReader(lag: number): { readonly child: ChildProcess; readonly told: () => Told } {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('reader.ts', import.meta.url)), mirror, String(lag), String(PATIENCE)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  let last: Told = { reads: 0, late: 0, indexes: 0, violations: [] }
  child.on('message', (message) => { last = message as Told })
  return { child, told: () => last }
}

const states = await buildStates()
const url = (index: number): string => pathToFileURL(states[index] ?? '').href
await runSync(url(0), { folder, mirror }, { grace: GRACE })
const readers = LAGS.map(startReader)
const done = { syncs: 0, rollbacks: 0, prunes: 0, tidied: 0 }
const store = createDiskStore({ root: mirror, keep: 3 })
const started = performance.now()
const reads = (): number => readers.reduce((sum, { told }) => sum + told().reads, 0)
const switches = (): number => done.syncs + done.rollbacks
const found = createFound()

async function rollBack(): Promise<void> {
  const before = (await store.generations())[1]
  if (before === undefined) return
  const report = await rollbackChannel({ store, to: before.number, spoolFolder: folder })
  if (report !== undefined) done.rollbacks += 1
}

// A quick machine has done its switches before the first grace is over: then nothing would have been deleted beside the readers.
for (let day = 1; (switches() < WANTED.switches || reads() < WANTED.reads || done.tidied === 0) && performance.now() - started < seconds * 1000; day += 1) {
  const { report } = await runSync(url(random(STATES)), { folder, mirror }, { grace: GRACE, store, limits: { allowRollback: true } })
  if (report.status === 'committed') done.syncs += 1
  else if (report.status !== 'unchanged') found.findings.push(`a sync ended as ${report.status}`)
  if (day % 5 === 0) await rollBack()
  if (day % 7 === 0) {
    await pruneChannel({ store, keep: new Set([parseSubdirName('linux-64'), parseSubdirName('noarch')]), grace: GRACE })
    done.prunes += 1
  }
  const tidied = await store.tidy({ grace: GRACE })
  if ('deleted' in tidied) done.tidied += tidied.deleted.count
}

for (const { child, told } of readers) {
  const ended = once(child, 'close')
  child.send('stop')
  await ended
  found.findings.push(...told().violations)
}
const late = readers.reduce((sum, { told }) => sum + told().late, 0)
found.points = reads()
if (reads() < WANTED.reads || switches() < WANTED.switches) found.findings.push(`only ${reads()} reads over ${switches()} switches: ${WANTED.reads} over ${WANTED.switches} are wanted`)
if (done.tidied === 0) found.findings.push('nothing was ever deleted')
found.failed = found.findings.length
found.notes.push(`${reads()} indexes believed over ${switches()} switches: ${done.syncs} syncs, ${done.rollbacks} rollbacks, beside ${done.prunes} prunes; ${done.tidied} files deleted; ${late} reads came later than the grace`)
for (const [index, { told }] of readers.entries()) found.notes.push(`reader with a lag of ${LAGS[index]} ms: ${told().reads} reads of ${told().indexes} different indexes`)
printFound(found)
