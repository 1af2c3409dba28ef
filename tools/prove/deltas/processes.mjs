import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { CHANGES, kindOf } from '../../../packages/sync/test/crash/strace-kinds.ts'
import { createBreak } from './breaks.mjs'
import { watchFs } from './watched-fs.mjs'

const SCRIPT = fileURLToPath(new URL('../deltas.mjs', import.meta.url))

/** Carries a scenario out in this process, which is killed before its change number `at`. */
export const runKilled = async (scenario, { w, at }) => {
  watchFs(w, createBreak({ type: 'killed', at, when: 'before' }, { syncs: true }))
  await scenario.run(w)
}

/** Carries a scenario out in this process, and tells how many changes of each kind it asked for. */
export const runCounted = async (scenario, { w }) => {
  const hooks = createBreak({ type: 'none' }, { syncs: true })
  watchFs(w, hooks)
  await scenario.run(w)
  const counts = {}
  for (const { type } of hooks.operations) counts[CALLS[type] ?? type] = (counts[CALLS[type] ?? type] ?? 0) + 1
  process.stdout.write(`${JSON.stringify(counts)}\n`)
}

/** What the kernel calls them. */
const CALLS = { sync: 'fdatasync', syncDirectory: 'fsync', truncate: 'ftruncate', removeDirectory: 'rmdir' }

/** X8: the kernel counts what the watching counts. */
export const traceProcess = async (scenario, broken, { folder }) => {
  broken.startOver()
  const log = join(folder, 'trace')
  const args = ['-f', '-y', '-qq', '-s', '0', '-o', log, '-e', `trace=${CHANGES}`, process.execPath, '--no-warnings', SCRIPT, JSON.stringify({ folder }), 'counted', scenario.name, join(folder, '../made'), broken.w]
  const { status, stdout } = spawnSync('strace', args, { encoding: 'utf8', env: { ...process.env, UV_USE_IO_URING: '0', UV_THREADPOOL_SIZE: '1' } })
  if (status !== 0) return { points: 0, bad: [`ended with ${status} under strace`] }
  const seen = {}
  for (const line of readFileSync(log, 'utf8').split('\n')) {
    const kind = kindOf(line, broken.w)
    if (kind !== undefined) seen[kind] = (seen[kind] ?? 0) + 1
  }
  const counted = JSON.parse(stdout.trimEnd().split('\n').at(-1))
  const kinds = [...new Set([...Object.keys(seen), ...Object.keys(counted)])]
  return { points: Object.values(seen).reduce((sum, count) => sum + count, 0), bad: kinds.filter((kind) => seen[kind] !== counted[kind]).map((kind) => `${kind}: the kernel sees ${seen[kind] ?? 0}, the watching ${counted[kind] ?? 0}`) }
}

/** Whether strace is there, and may trace. */
export const canTrace = () => spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', 'trace=none', 'true']).status === 0

/** Real processes, killed by SIGKILL at every so many changes: a death within a process is shown at all of them to end the same. */
export const killProcesses = async (scenario, broken, { folder, step }) => {
  const bad = []
  let points = 0
  for (let at = broken.changes; at >= 1; at -= step) {
    broken.startOver()
    const args = ['--no-warnings', SCRIPT, JSON.stringify({ folder }), 'killed', scenario.name, join(folder, '../made'), broken.w, String(at)]
    const signal = await new Promise((resolve) => {
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, NODE_COMPILE_CACHE: join(folder, 'cache') } })
      child.once('close', (_code, ended) => { resolve(ended) })
    })
    const problems = [...signal === 'SIGKILL' ? [] : ['the process was not killed'], ...await scenario.afterBreak(broken.w), ...await broken.goOn()]
    bad.push(...problems.map((problem) => `SIGKILL at ${at}: ${problem}`))
    points += 1
  }
  return { points, bad }
}
