// Breaks everything that keeps a mirror at every change that it makes to the disk. `node keeping-sweep.ts`: npm run test:slow. Prints points=N bad=N; fails when a point is bad or there is none.
import { spawn } from 'node:child_process'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createBreakingIo } from './breaking-io.ts'
import { createScenarios, type KeepingScenario, openMirror, sweepPlace } from './keeping-scenarios.ts'
import { checkPoint, sweepScenario } from './sweep-scenario.ts'

const AT_ONCE = 3

/** Runs one scenario in this process, which is killed before its change number `at`. */
async function runChild(folder: string, mirror: string, { name, at }: { readonly name: string; readonly at: number }): Promise<void> {
  const scenario = (await createScenarios(folder)).find((candidate) => candidate.name === name)
  await scenario?.run(openMirror(mirror, createBreakingIo({ type: 'killed', at }).io), mirror)
}

function spawnChild(args: readonly string[], cache: string): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--no-warnings', fileURLToPath(import.meta.url), 'child', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_COMPILE_CACHE: cache } })
    child.once('close', (_code, signal) => { resolve(signal) })
  })
}

/** The breaks within this process are at every change; these show that a real death is the same. */
const EVERY = 4

/** Real processes, killed by SIGKILL. */
async function sweepProcesses(scenario: KeepingScenario, folder: string, total: number): Promise<{ readonly points: number; readonly bad: readonly string[] }> {
  const bad: string[] = []
  const places = Array.from({ length: total }, (_, index) => total - index).filter((_, index) => index % EVERY === 0)
  const points = places.values()
  const work = async (): Promise<void> => {
    for (const at of points) {
      const mirror = join(folder, `killed-${at}`)
      await cp(join(folder, scenario.name), mirror, { recursive: true, preserveTimestamps: true })
      const signal = await spawnChild([folder, mirror, scenario.name, String(at)], join(folder, 'cache'))
      if (signal !== 'SIGKILL') bad.push(`SIGKILL at ${at}: the process was not killed`)
      bad.push(...(await checkPoint(scenario, mirror)).map((problem) => `SIGKILL at ${at}: ${problem}`))
      await rm(mirror, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { points: places.length, bad }
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(sweepPlace(), 'keeping-crash-'))
  let failed = false
  try {
    for (const scenario of await createScenarios(folder)) {
      const started = performance.now()
      const { points, changes, bad } = await sweepScenario(scenario, { folder, codes: ['ENOSPC', 'EIO'], step: 1 })
      const killed = await sweepProcesses(scenario, folder, changes)
      const all = [...bad, ...killed.bad]
      process.stdout.write(`${scenario.name}: points=${points + killed.points} bad=${all.length} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`)
      for (const fault of all.slice(0, 20)) process.stdout.write(`  ${fault}\n`)
      if (!(changes > 0) || all.length > 0) failed = true
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.exitCode = failed ? 1 : 0
}

const [mode, folder = '', mirror = '', name = '', at = ''] = process.argv.slice(2)
await (mode === 'child' ? runChild(folder, mirror, { name, at: Number(at) }) : main())
