// Two at once, and locks of the dead: part of `npm run prove`.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isMirrorError, parseSubdirName } from '@mirror/core'
import { createDiskStore, verifyStore } from '@mirror/store'
import { addSweep, buildChannel, changeChannel, checkMirror, createFound, printFound, readGiven } from '@mirror/test-fixtures'
import { pruneChannel, rollbackChannel } from '../../src/index.ts'
import { runSync } from '../run-sync.ts'
import { SMALL } from '../small.ts'
import { WHOLE } from './sync-scenarios.ts'

const { folder, quick } = readGiven(process.argv[2])
const ROUNDS = quick ? 10 : 100
const ATTEMPTS = quick ? 500 : 5000
const PAIRS = quick ? 2 : 10
/** How long a run may wait for a lock whose holder was killed. */
const SECOND = 1000

const upstream = join(folder, 'upstream')
const moved = join(folder, 'moved')
const mirror = join(folder, 'mirror')
await buildChannel(SMALL, upstream)
await cp(upstream, moved, { recursive: true })
await changeChannel(moved, { add: { 'linux-64': [{ name: 'zeta' }] }, remove: { noarch: ['alpha-1.0-0.conda'] } })
await runSync(pathToFileURL(upstream).href, { folder, mirror }, WHOLE)

async function startHolder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('hold-store.ts', import.meta.url)), mirror], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = await once(child.stdout, 'data')
  if (String(text) !== 'holding\n') throw new Error(`the holder says ${String(text)}`)
  return child
}

/** Whether the lock can be had: begun, busy, or what else. */
async function tryLock(): Promise<string> {
  const store = createDiskStore({ root: mirror })
  const head = await store.head()
  if (head === undefined) return 'no head'
  const result = await store.begin({ base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] })
  if (result.status === 'begun') await result.transaction.abandon()
  return result.status
}

async function killHolders(): Promise<{ readonly points: number; readonly bad: readonly string[]; readonly slowest: number }> {
  const bad: string[] = []
  let slowest = 0
  for (let round = 0; round < ROUNDS; round += 1) {
    const holder = await startHolder()
    const during = await tryLock()
    if (during !== 'busy') bad.push(`round ${round}: ${during} while another holds the lock`)
    const ended = once(holder, 'exit')
    holder.kill('SIGKILL')
    await ended
    const start = performance.now()
    const after = await tryLock()
    slowest = Math.max(slowest, performance.now() - start)
    if (after !== 'begun') bad.push(`round ${round}: ${after} after the holder was killed`)
  }
  if (slowest > SECOND) bad.push(`a lock could be had only after ${slowest.toFixed(0)} ms`)
  return { points: ROUNDS, bad, slowest }
}

async function stopHolder(): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  const holder = await startHolder()
  const ended = once(holder, 'exit')
  holder.kill('SIGSTOP')
  const stopped = await tryLock()
  holder.kill('SIGKILL')
  await ended
  const after = await tryLock()
  return { points: 1, bad: [...(stopped === 'busy' ? [] : [`a stopped holder: ${stopped}`]), ...(after === 'begun' ? [] : [`after it was killed: ${after}`])] }
}

/** Someone deletes the lock file: the one who lost it may not commit. */
async function loseLock(): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  const store = createDiskStore({ root: mirror })
  const head = await store.head()
  if (head === undefined) return { points: 1, bad: ['no head'] }
  const nothing = { base: head.id, target: head.state, changes: [], withdrawn: [], filesAdded: [], filesRemoved: [] }
  const first = await store.begin(nothing)
  await rm(join(mirror, '.mirror/lock.db'))
  const second = await createDiskStore({ root: mirror }).begin(nothing)
  const outcome = first.status === 'begun' ? await first.transaction.commit().then(({ status }) => status, (error: unknown) => (isMirrorError(error) ? error.code : String(error))) : first.status
  if (second.status === 'begun') await second.transaction.abandon()
  return { points: 1, bad: outcome === 'STORE_NO_LOCKS' ? [] : [`after its lock file was deleted, a commit answers ${outcome}`] }
}

async function contend(): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  const outputs = await Promise.all([0, 1].map(async () => {
    const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(new URL('contend.ts', import.meta.url)), mirror, String(ATTEMPTS)], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
    await once(child, 'close')
    return JSON.parse(output) as { readonly begun: number; readonly busy: number; readonly together: number }
  }))
  const sum = (of: 'begun' | 'busy' | 'together'): number => outputs.reduce((total, counts) => total + counts[of], 0)
  found.notes.push(`two processes tried ${sum('begun') + sum('busy')} times: ${sum('begun')} admitted, ${sum('busy')} turned away, ${sum('together')} together`)
  return { points: sum('begun') + sum('busy'), bad: [...(sum('together') > 0 ? [`${sum('together')} times two writers were admitted`] : []), ...(sum('busy') > 0 ? [] : ['nobody was ever turned away'])] }
}

/** Everything that changes a mirror, beside a sync. */
const BESIDE: Readonly<Record<string, () => Promise<unknown>>> = {
  sync: () => runSync(pathToFileURL(upstream).href, { folder, mirror }, WHOLE),
  async rollback() {
    const store = createDiskStore({ root: mirror })
    const [newest] = await store.generations()
    return newest === undefined ? undefined : rollbackChannel({ store, to: newest.number, spoolFolder: folder })
  },
  prune: () => pruneChannel({ store: createDiskStore({ root: mirror }), keep: new Set(['linux-64', 'noarch'].map(parseSubdirName)), grace: 0 }),
  tidy: () => createDiskStore({ root: mirror }).tidy({ grace: 0 }),
  snapshot: () => createDiskStore({ root: mirror }).createSnapshot('day'),
  verify: () => verifyStore({ root: mirror, threads: 0 }),
}
const TURNED_AWAY = ['STORE_LOCKED', 'STORE_CONTENDED', 'GENERATION_ABSENT']

function unforeseen(outcome: PromiseSettledResult<unknown>): readonly string[] {
  if (outcome.status === 'fulfilled' || (isMirrorError(outcome.reason) && TURNED_AWAY.includes(outcome.reason.code))) return []
  return [String(outcome.reason)]
}

async function together(): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  const bad: string[] = []
  let points = 0
  for (const [name, beside] of Object.entries(BESIDE)) {
    for (let pair = 0; pair < PAIRS; pair += 1) {
      const outcomes = await Promise.allSettled([runSync(pathToFileURL(pair % 2 === 0 ? moved : upstream).href, { folder, mirror }, WHOLE), beside()])
      bad.push(...outcomes.flatMap(unforeseen).map((problem) => `a sync and ${name}: ${problem}`))
      bad.push(...(await checkMirror(mirror)).problems.map((problem) => `a sync and ${name}: ${problem}`))
      points += 1
    }
  }
  return { points, bad }
}

const found = createFound()
const killed = await killHolders()
addSweep(found, `a lock whose holder was killed is had at once (the slowest after ${killed.slowest.toFixed(0)} ms)`, killed)
addSweep(found, 'a holder that is stopped still holds', await stopHolder())
addSweep(found, 'a holder whose lock file was deleted does not commit', await loseLock())
addSweep(found, 'two processes that take the lock as often as they can', await contend())
addSweep(found, 'a sync beside each other command', await together())
printFound(found)
