import { spawn } from 'node:child_process'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createBreak } from './breaks.mjs'
import { watchFs } from './watched-fs.mjs'

const SCRIPT = fileURLToPath(new URL('../deltas.mjs', import.meta.url))

/** Carries a scenario out in this process, which is killed before its change number `at`. */
export const runKilled = async (scenario, { w, at }) => {
  watchFs(w, createBreak({ type: 'killed', at, when: 'before' }, { syncs: true }))
  await scenario.run(w)
}

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
