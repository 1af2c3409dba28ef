import { Worker } from 'node:worker_threads'
import { breathe } from './disk-context.ts'
import { checkBatch, type HashBatch } from './hash-batch.ts'

/** Threads that compare files with their digests. */
export interface HashPool extends AsyncDisposable {
  /** How many batches can be under way at once. */
  readonly width: number
  /** Compares a batch; answers one byte a file, an index of `OUTCOMES`. */
  readonly check: (batch: HashBatch) => Promise<Uint8Array>
}

/**
 * Starts `count` threads; none for 0: then batches are checked in this thread, which is also what happens where the file of a thread cannot be started
 * (a bundle that was made without it).
 */
export function createHashPool(count: number): HashPool {
  const workers = startWorkers(count)
  const idle = [...workers]
  const waiting: ((worker: Worker) => void)[] = []
  let broken = workers.length === 0

  function release(worker: Worker): void {
    const next = waiting.shift()
    if (next === undefined) idle.push(worker)
    else next(worker)
  }

  async function checkHere(batch: HashBatch): Promise<Uint8Array> {
    await breathe()
    return checkBatch(batch)
  }

  async function check(batch: HashBatch): Promise<Uint8Array> {
    if (broken) return checkHere(batch)
    const worker = idle.pop() ?? await new Promise<Worker>((resolve) => waiting.push(resolve))
    try {
      return await ask(worker, batch)
    } catch {
      broken = true
      return await checkHere(batch)
    } finally {
      release(worker)
    }
  }

  return {
    width: Math.max(1, workers.length),
    check,
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}

function startWorkers(count: number): readonly Worker[] {
  try {
    return Array.from({ length: count }, startWorker)
  } catch {
    return []
  }
}

/** The second form is what bundlers look for; the first is for running from source. */
function startWorker(): Worker {
  const worker = import.meta.url.endsWith('.ts') ? new Worker(new URL('./hash-worker.ts', import.meta.url)) : new Worker(new URL('./hash-worker.js', import.meta.url))
  worker.on('error', () => undefined)
  worker.unref()
  return worker
}

function ask(worker: Worker, batch: HashBatch): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const settle = (run: () => void): void => {
      worker.off('message', answered)
      worker.off('error', failed)
      worker.off('exit', left)
      worker.unref()
      run()
    }
    const answered = (answer: unknown): void => settle(() => (answer instanceof Uint8Array ? resolve(answer) : reject(new Error('not an answer'))))
    const failed = (error: unknown): void => settle(() => reject(error))
    const left = (): void => settle(() => reject(new Error('the thread ended')))
    worker.ref()
    worker.once('message', answered)
    worker.once('error', failed)
    worker.once('exit', left)
    worker.postMessage(batch)
  })
}
