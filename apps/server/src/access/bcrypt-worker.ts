import { parentPort } from 'node:worker_threads'
import { compareSync } from 'bcryptjs'

/** The file of the thread that compares passwords: it answers each pair with true or false. A bundler has to emit it beside its output, under the name `bcrypt-worker.js`. */
parentPort?.on('message', ([password, hash]: readonly [string, string]) => {
  parentPort?.postMessage(compareSync(password, hash))
})
