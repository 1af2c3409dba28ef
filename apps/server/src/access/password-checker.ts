import { Worker } from 'node:worker_threads'

/** Compares passwords with what is kept of them. */
export interface PasswordChecker extends AsyncDisposable {
  /** Takes 50 milliseconds to seconds, of another thread. Undefined, at once, when so many wait already that it had to wait for long. */
  readonly check: (password: string, hash: string) => Promise<boolean> | undefined
}

/** So many wait at most: with the usual cost, for about five seconds. */
const WAITING = 64
/** Milliseconds after which a thread that has nothing to do ends: it holds some megabytes. */
const IDLE = 30_000

/** Creates a checker for bcrypt. Its thread starts with the first password. */
export function createPasswordChecker(): PasswordChecker {
  const asked: PromiseWithResolvers<boolean>[] = []
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined

  function start(): Worker {
    const started = startWorker()
    started.on('message', (isRight: unknown) => {
      asked.shift()?.resolve(isRight === true)
      if (asked.length === 0) rest(started)
    })
    const fail = (reason: unknown): void => {
      if (worker === started) worker = undefined
      for (const { reject } of asked.splice(0)) reject(reason)
    }
    started.once('error', fail)
    started.once('exit', () => { if (worker === started) fail(new Error('The thread that compares passwords ended')) })
    return started
  }

  /** It keeps the process alive only while somebody waits for it. */
  function rest(resting: Worker): void {
    resting.unref()
    idle = setTimeout(() => {
      worker = undefined
      void resting.terminate()
    }, IDLE).unref()
  }

  return {
    check(password, hash) {
      if (asked.length >= WAITING) return undefined
      clearTimeout(idle)
      worker ??= start()
      worker.ref()
      const answer = Promise.withResolvers<boolean>()
      asked.push(answer)
      worker.postMessage([password, hash])
      return answer.promise
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(idle)
      const last = worker
      worker = undefined
      await last?.terminate()
      for (const { reject } of asked.splice(0)) reject(new Error('The server is closing'))
    },
  }
}

/** The second form is what bundlers look for; the first is for running from source. */
function startWorker(): Worker {
  return import.meta.url.endsWith('.ts') ? new Worker(new URL('./bcrypt-worker.ts', import.meta.url)) : new Worker(new URL('./bcrypt-worker.js', import.meta.url))
}
