// Sets up if needed, then runs the tests of all packages. Arguments go to vitest: npm test -- packages/core -t 'planSubdir'
import { join } from 'node:path'
import { exitCodeOf, runMain } from './lib/fail.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

await runMain(async () => {
  await setUp()
  const args = process.argv.slice(2)
  return exitCodeOf(await run(findNode(), [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args]))
})
