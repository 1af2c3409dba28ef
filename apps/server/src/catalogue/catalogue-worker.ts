import { parentPort } from 'node:worker_threads'
import { createMirrorFiles } from '../mirror-files.ts'
import { type IndexName, readIndex } from './read-index.ts'
import { blocksOf } from './subdir-columns.ts'

/**
 * The file of the thread that reads indexes: it answers each job with an `IndexReading`, of which it hands the memory over. A bundler has to emit it beside its output, under the name
 * `catalogue-worker.js`.
 */
parentPort?.on('message', (job: { readonly mirrorDir: string; readonly name: IndexName }) => {
  void readIndex(createMirrorFiles(job.mirrorDir), job.name).then((reading) => {
    parentPort?.postMessage(reading, reading.status === 'read' ? [...blocksOf(reading.columns)] : [])
  }, (error: unknown) => {
    parentPort?.postMessage({ status: 'failed', message: String(error) })
  })
})
