import { spawn } from 'node:child_process'
import fs from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Sweep, SweepResult } from '../support/sweep.ts'

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url))
const AT_ONCE = 2

function runChild(root: string, at: number, when: string): Promise<NodeJS.Signals | null> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--no-warnings', CHILD, root, String(at), when], { stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('exit', (_, signal) => resolve(signal))
  })
}

/** SIGKILL of a real process before and after every operation. */
export async function sweepProcesses(sweep: Sweep): Promise<SweepResult> {
  const total = await sweep.countOperations()
  const points = Array.from({ length: total * 2 }, (_, index) => ({ at: index >> 1, when: index % 2 === 0 ? 'before' : 'after' }))
  const queue = [...points]
  const bad: string[] = []
  async function work(): Promise<void> {
    for (let point = queue.shift(); point !== undefined; point = queue.shift()) {
      const root = sweep.freshRoot()
      const signal = await runChild(root, point.at, point.when)
      if (signal !== 'SIGKILL') bad.push(`${point.when} ${point.at}: the process was not killed`)
      for (const fault of await sweep.checkAfter(root)) bad.push(`${point.when} ${point.at}: ${fault}`)
      fs.rmSync(root, { recursive: true })
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return { points: points.length, bad }
}
