import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { IndexName, IndexReading } from './read-index.ts'

/** Reads indexes beside everything else, one after the other. */
export interface IndexThread {
  /** Rejects when the thread fails or is stopped. */
  readonly read: (name: IndexName) => Promise<IndexReading>
  readonly stop: () => Promise<void>
}

/** So long the thread waits for another index, in milliseconds; then its memory is given back. */
const IDLE = 20_000

/** Creates a thread that is started when there is something to read. It keeps the process alive no longer than others do. */
export function createIndexThread(mirrorDir: string): IndexThread {
  let worker: Worker | undefined
  let last: Promise<unknown> = Promise.resolve()
  let idle: NodeJS.Timeout | undefined
  let waiting = 0

  async function ask(name: IndexName): Promise<IndexReading> {
    clearTimeout(idle)
    worker ??= startWorker()
    const thread = worker
    thread.unref()
    try {
      return await askThread(thread, { mirrorDir, name })
    } catch (error) {
      if (worker === thread) worker = undefined
      await thread.terminate()
      throw error
    }
  }

  function rest(): void {
    waiting -= 1
    if (waiting > 0) return
    idle = setTimeout(() => void stop(), IDLE)
    idle.unref()
  }

  async function stop(): Promise<void> {
    clearTimeout(idle)
    const thread = worker
    worker = undefined
    await thread?.terminate()
  }

  return {
    stop,
    read(name) {
      waiting += 1
      const reading = last.then(async () => await ask(name)).finally(rest)
      last = reading.catch(() => undefined)
      return reading
    },
  }
}

/** The second form is what bundlers look for; the first is for running from source. */
function startWorker(): Worker {
  return import.meta.url.endsWith('.ts') ? new Worker(new URL('./catalogue-worker.ts', import.meta.url)) : new Worker(new URL('./catalogue-worker.js', import.meta.url))
}

async function askThread(thread: Worker, job: { readonly mirrorDir: string; readonly name: IndexName }): Promise<IndexReading> {
  const over = new AbortController()
  const answered = once(thread, 'message', { signal: over.signal })
  const ended = once(thread, 'exit', { signal: over.signal })
  // Whichever comes second is nobody's business.
  for (const event of [answered, ended]) event.catch(() => undefined)
  try {
    thread.postMessage(job)
    const [answer]: readonly unknown[] = await Promise.race([answered, ended])
    if (isReading(answer)) return answer
    throw new Error('The thread that reads indexes failed')
  } finally {
    over.abort()
  }
}

const STATUSES: readonly unknown[] = ['read', 'damaged', 'gone']

/** It comes from our own thread. */
function isReading(answer: unknown): answer is IndexReading {
  return typeof answer === 'object' && answer !== null && 'status' in answer && STATUSES.includes(answer.status)
}
