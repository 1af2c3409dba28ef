// Takes the lock of a store and completes what broke off, as every command does first: node scale-recover.mjs <root>. Prints how long it took, in milliseconds, and the generation.
import process from 'node:process'
import { createDiskStore } from '@mirror/store'

const store = createDiskStore({ root: process.argv[2] })
const start = performance.now()
await store.tidy({ grace: 86_400_000, maximumDeletes: 0 })
process.stdout.write(`${JSON.stringify({ milliseconds: performance.now() - start, generation: (await store.head())?.number, cpu: process.cpuUsage().user + process.cpuUsage().system })}\n`)
