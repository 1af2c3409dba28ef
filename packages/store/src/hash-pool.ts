import os from 'node:os'
import { Worker } from 'node:worker_threads'
import { breathe } from './disk-context.ts'
import { checkInSteps, type HashBatch } from './hash-batch.ts'

/** Threads that compare files with their digests. */
export interface HashPool extends AsyncDisposable {
  /** How many batches to have under way, so that no thread waits for its next one. */
  readonly width: number
  /** Compares a batch; answers one byte a file, an index of `OUTCOMES`. */
  readonly check: (batch: HashBatch) => Promise<Uint8Array>
}

/** One batch is being worked on, and the next is there when it is done. */
const BATCHES_A_THREAD = 2

/** A thread takes as long to start as it takes to hash so many bytes; opening a file takes as long as to hash some. */
const WORTH_THREADS = 32 * 1024 * 1024
const BYTES_A_FILE = 32 * 1024

/**
 * Starts threads once there is enough to do, so that `count` work with this one, which begins at once and gives way to other work every few milliseconds; 0 and 1 start none. Where the
 * file of a thread cannot be started (a bundle that was made without it), this thread does the work alone.
 */
export function createHashPool(count: number): HashPool {
  const threads = createThreads(count - 1)
  const waiting: (() => void)[] = []
  let broken = false
  let busy = false

  async function checkThere(thread: HashThread, batch: HashBatch): Promise<Uint8Array> {
    try {
      return await thread.ask(batch)
    } catch {
      broken = true
      return await checkHere(batch)
    }
  }

  async function checkAlone(batch: HashBatch): Promise<Uint8Array> {
    busy = true
    try {
      return await checkHere(batch)
    } finally {
      busy = false
    }
  }

  /** An idle thread is asked before this one, and this one before a thread that has something to do; undefined when there is enough under way. */
  function start(batch: HashBatch): Promise<Uint8Array> | undefined {
    const thread = broken ? undefined : threads.idlest()
    if (thread !== undefined && thread.underway() < (busy ? BATCHES_A_THREAD : 1)) return checkThere(thread, batch)
    return busy ? undefined : checkAlone(batch)
  }

  return {
    width: Math.max(0, count - 1) * BATCHES_A_THREAD + 1,
    async check(batch) {
      threads.expect(batch)
      let started = start(batch)
      while (started === undefined) {
        await new Promise<void>((resolve) => waiting.push(resolve))
        started = start(batch)
      }
      try {
        return await started
      } finally {
        waiting.shift()?.()
      }
    },
    [Symbol.asyncDispose]: threads.stop,
  }
}

async function checkHere(batch: HashBatch): Promise<Uint8Array> {
  const steps = checkInSteps(batch)
  for (;;) {
    await breathe()
    const step = steps.next()
    if (step.done === true) return step.value
  }
}

/** One thread, which answers batches in the order in which it was asked. */
interface HashThread {
  /** Rejects when the thread fails or ends. */
  readonly ask: (batch: HashBatch) => Promise<Uint8Array>
  /** Batches that it has not answered yet. */
  readonly underway: () => number
  readonly stop: () => Promise<number>
}

/** Threads that are started when what was asked for so far is worth it. */
interface HashThreads {
  readonly expect: (batch: HashBatch) => void
  /** The one with the least to do. */
  readonly idlest: () => HashThread | undefined
  readonly stop: () => Promise<void>
}

function createThreads(count: number): HashThreads {
  let threads: readonly HashThread[] | undefined
  let work = 0
  return {
    expect({ sizes }) {
      work += sizes.reduce((sum, size) => sum + size + BYTES_A_FILE, 0)
      if (work >= WORTH_THREADS) threads ??= startThreads(count)
    },
    idlest: () => threads?.toSorted((left, right) => left.underway() - right.underway())[0],
    async stop() {
      await Promise.all((threads ?? []).map((thread) => thread.stop()))
    },
  }
}

function startThreads(count: number): readonly HashThread[] {
  try {
    return Array.from({ length: Math.max(0, count) }, () => startThread(startWorker()))
  } catch {
    return []
  }
}

/** The second form is what bundlers look for; the first is for running from source. */
function startWorker(): Worker {
  return import.meta.url.endsWith('.ts') ? new Worker(new URL('./hash-worker.ts', import.meta.url)) : new Worker(new URL('./hash-worker.js', import.meta.url))
}

function startThread(worker: Worker): HashThread {
  const asked: PromiseWithResolvers<Uint8Array>[] = []
  let ended = false
  const end = (error: unknown): void => {
    ended = true
    for (const { reject } of asked.splice(0)) reject(error)
  }
  worker.on('message', (answer: unknown) => {
    const first = asked.shift()
    // It keeps the process alive only while somebody waits for it.
    if (asked.length === 0) worker.unref()
    if (answer instanceof Uint8Array) first?.resolve(answer)
    else first?.reject(new Error('not an answer'))
  })
  worker.on('error', end)
  worker.on('exit', () => end(new Error('the thread ended')))
  worker.unref()
  return {
    async ask(batch) {
      if (ended) throw new Error('the thread ended')
      const answer = Promise.withResolvers<Uint8Array>()
      asked.push(answer)
      worker.ref()
      worker.postMessage(batch)
      return await answer.promise
    },
    underway: () => asked.length,
    stop: () => worker.terminate(),
  }
}

/** As many threads as there are processors, from 2 to 4. */
export function defaultThreads(): number {
  return Math.min(4, Math.max(2, os.availableParallelism()))
}
