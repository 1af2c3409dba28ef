import { parentPort } from 'node:worker_threads'
import { checkBatch, type HashBatch } from './hash-batch.ts'

/** The file that hashing threads run: it answers each batch with one byte a file. A bundler has to emit it beside its output, under the name `hash-worker.js`. */
parentPort?.on('message', (batch: HashBatch) => {
  parentPort?.postMessage(checkBatch(batch))
})
