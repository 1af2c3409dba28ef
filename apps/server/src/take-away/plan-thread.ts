import { Worker } from 'node:worker_threads'
import type { TakeAwayJob, TakeAwayPlan } from './plan-take-away.ts'

/** So much memory has a thread for what a reference unfolds to, in MiB; lists of artifacts do not count. */
const MEMORY = 1024
/** Milliseconds. */
const PATIENCE = 300_000

/** Plans in a thread of its own, which ends with the plan: what fills its memory or takes too long is refused, and harms nobody else. */
export async function planInThread(job: TakeAwayJob): Promise<TakeAwayPlan> {
  const worker = startWorker(job)
  const timer = setTimeout(() => void worker.terminate(), PATIENCE)
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', (plan: TakeAwayPlan) => resolve(plan))
      worker.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') resolve(TOO_LARGE)
        else reject(error)
      })
      worker.once('exit', () => resolve(TOO_LARGE))
    })
  } finally {
    clearTimeout(timer)
    await worker.terminate()
  }
}

const TOO_LARGE: TakeAwayPlan = { status: 'refused', message: 'This takes more memory or time than this server spends on it. Make a compact reference, with conda-diff-tar --reference --compact, or the delta on the machine of the mirror.' }

/** The second form is what bundlers look for; the first is for running from source. */
function startWorker(workerData: TakeAwayJob): Worker {
  const options = { workerData, resourceLimits: { maxOldGenerationSizeMb: MEMORY } }
  const worker = import.meta.url.endsWith('.ts') ? new Worker(new URL('./take-away-worker.ts', import.meta.url), options) : new Worker(new URL('./take-away-worker.js', import.meta.url), options)
  worker.unref()
  return worker
}
