// Kills a whole sync at every change that it makes to the disk: npm run test:crash. Prints points=N bad=N; fails when a point is bad or there is none.
import { spawn } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createDiskStore, type Store } from '@mirror/store'
import { buildChannel, changeChannel, checkMirror, serveChannel } from '@mirror/test-fixtures'
import type { SyncOptions } from '../../src/index.ts'
import { runSync } from '../run-sync.ts'
import { SMALL } from '../small.ts'
import { watchIo } from '../watch-io.ts'
import { checkEveryIndex } from './every-index.ts'

const SUBDIRS = ['noarch', 'linux-64']
const AT_ONCE = 3
/** Everything at once: variants, no grace, so that the trash is emptied in the same run; one artifact after the other, so that operations have one order. */
const OPTIONS: Partial<SyncOptions> = { grace: 0, concurrency: 1, variants: { zst: true, shards: true, bz2: true } }

/** The store of a mirror that counts its changes, and kills this process before one of them. */
function openStore(mirror: string, at: number): { readonly store: Store; readonly count: () => number } {
  let count = 0
  const io = watchIo(() => {
    count += 1
    if (count === at) process.kill(process.pid, 'SIGKILL')
  })
  return { store: createDiskStore({ root: mirror, io }), count: () => count }
}

/** One sync that ends before its change number `at`; prints how many it made when it comes to its end. */
async function runChild(url: string, folder: string, at: number): Promise<void> {
  const mirror = join(folder, 'mirror')
  const { store, count } = openStore(mirror, at)
  await runSync(url, { folder, mirror }, { ...OPTIONS, store })
  process.stdout.write(String(count()))
}

function spawnChild({ url, folder, at, cache }: { readonly url: string; readonly folder: string; readonly at: number; readonly cache: string }): Promise<{ readonly signal: NodeJS.Signals | null; readonly output: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(import.meta.url), 'child', url, folder, String(at)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
    })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => { output += chunk.toString() })
    child.once('close', (_code, signal) => { resolve({ signal, output }) })
  })
}

interface Scenario {
  readonly name: string
  readonly upstream: string
  /** The mirror as it is before the run; undefined for none. */
  readonly before: string | undefined
}

/** What is wrong after a run was killed, and after the plain run that follows. */
async function checkPoint(scenario: Scenario, url: string, folder: string): Promise<readonly string[]> {
  const mirror = join(folder, 'mirror')
  const between = await checkEveryIndex(mirror)
  const problems = between.problems.map((problem) => `after the kill: ${problem}`)
  if (scenario.before !== undefined && between.indexes < SUBDIRS.length * 4) problems.push(`after the kill: only ${between.indexes} indexes`)
  const { report } = await runSync(url, { folder, mirror }, OPTIONS)
  if (!['committed', 'unchanged'].includes(report.status) || report.held.length > 0 || report.failed.length > 0) problems.push(`the next run: ${report.status}`)
  const checked = await checkMirror(mirror, { subdirs: SUBDIRS })
  problems.push(...checked.problems, ...checked.extra.map((file) => `extra ${file}`))
  for (const subdir of SUBDIRS) {
    const read = (root: string): Promise<Buffer> => readFile(join(root, subdir, 'repodata.json'))
    if (!(await read(scenario.upstream)).equals(await read(mirror))) problems.push(`${subdir}: another index than upstream's`)
  }
  return problems
}

async function sweep(scenario: Scenario, folder: string): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  await using server = await serveChannel(scenario.upstream)
  const attempt = async (at: number): Promise<{ readonly killed: boolean; readonly output: string; readonly problems: readonly string[] }> => {
    const own = join(folder, `${scenario.name.replaceAll(' ', '-')}-${at}`)
    await mkdir(own)
    if (scenario.before !== undefined) await cp(scenario.before, join(own, 'mirror'), { recursive: true, preserveTimestamps: true })
    const { signal, output } = await spawnChild({ url: server.url, folder: own, at, cache: join(folder, 'cache') })
    const problems = await checkPoint(scenario, server.url, own)
    await rm(own, { recursive: true })
    return { killed: signal === 'SIGKILL', output, problems }
  }
  const whole = await attempt(0)
  const total = Number(whole.output)
  const bad = whole.problems.map((problem) => `not killed: ${problem}`)
  const points = Array.from({ length: total }, (_, index) => index + 1)
  const queue = points.values()
  const work = async (): Promise<void> => {
    for (const at of queue) {
      const { killed, problems } = await attempt(at)
      if (!killed) bad.push(`${scenario.name} ${at}: the process was not killed`)
      bad.push(...problems.map((problem) => `${scenario.name} ${at}: ${problem}`))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { points: total, bad }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sync-crash-'))
  let failed = false
  try {
    const upstream = join(folder, 'upstream')
    await buildChannel(SMALL, upstream)
    const moved = join(folder, 'moved')
    await cp(upstream, moved, { recursive: true })
    await changeChannel(moved, {
      add: { 'linux-64': [{ name: 'zeta' }, { name: 'gamma', depends: ['beta >=1'], salt: 'other bytes' }] },
      remove: { noarch: ['alpha-1.0-0.conda'] },
      relist: { 'linux-64': { 'epsilon-2.0-0.conda': { depends: ['beta >=2'] } } },
    })
    const before = join(folder, 'before')
    await runSync(upstream, { folder, mirror: before }, OPTIONS)
    for (const scenario of [{ name: 'first sync', upstream, before: undefined }, { name: 'update', upstream: moved, before }]) {
      const started = performance.now()
      const { points, bad } = await sweep(scenario, folder)
      process.stdout.write(`${scenario.name}: points=${points} bad=${bad.length} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`)
      for (const fault of bad.slice(0, 20)) process.stdout.write(`  ${fault}\n`)
      if (!(points > 0) || bad.length > 0) failed = true
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.exitCode = failed ? 1 : 0
}

const [mode, url = '', folder = '', at = ''] = process.argv.slice(2)
await (mode === 'child' ? runChild(url, folder, Number(at)) : main())
