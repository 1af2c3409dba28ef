// Installs the dependencies and builds: the first thing to run in a clone. Needs Node 20 or later and npm, nothing else.
import { runMain } from './lib/fail.mjs'
import { setUp } from './lib/setup.mjs'

await runMain(async () => {
  const start = performance.now()
  await setUp()
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  process.stdout.write(`Ready in ${seconds} s. Next: npm start (a demonstration), npm test, npx mirror --help\n`)
})
