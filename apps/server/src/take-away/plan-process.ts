import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { TakeAwayJob, TakeAwayPlan } from './plan-take-away.ts'

/** What a process may take that plans. */
export interface PlanLimits {
  /** For what a reference unfolds to, in MiB; lists of artifacts do not count. Default 1,024. */
  readonly memory?: number
  /** Milliseconds. Default two minutes. */
  readonly patience?: number
}

/**
 * Plans in a process of its own, which ends with the plan: what fills its memory or takes too long is refused, and harms nobody else. A thread would not do: one that runs out of memory while
 * it parses JSON takes the whole process along.
 */
export async function planInProcess(job: TakeAwayJob, { memory = 1024, patience = 120_000 }: PlanLimits = {}): Promise<TakeAwayPlan> {
  const child = fork(findProgram(), [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: ['--no-warnings', `--max-old-space-size=${memory}`] })
  child.unref()
  const timer = setTimeout(() => child.kill('SIGKILL'), patience)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject)
      child.once('exit', () => resolve(TOO_LARGE))
      child.once('message', (message) => (isPlan(message) ? resolve(message) : reject(new Error('The process that plans failed'))))
      child.send(job, (error) => error !== null && reject(error))
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

const TOO_LARGE: TakeAwayPlan = { status: 'refused', message: 'This takes more memory or time than this server spends on it. Make a compact reference, with conda-diff-tar --reference --compact, or the delta on the machine of the mirror.' }
const STATUSES: readonly unknown[] = ['planned', 'too-many', 'gone', 'refused']

/** It comes from our own process. */
function isPlan(message: unknown): message is TakeAwayPlan {
  return typeof message === 'object' && message !== null && 'status' in message && STATUSES.includes(message.status)
}

/** Beside this file: bundlers take what is called a worker along. */
function findProgram(): string {
  return fileURLToPath(import.meta.url.endsWith('.ts') ? new URL('./take-away-worker.ts', import.meta.url) : new URL('./take-away-worker.js', import.meta.url))
}
