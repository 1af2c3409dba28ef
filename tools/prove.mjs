// What has to hold whatever breaks, shown point by point: npm run prove [-- --quick] [-- --only=NAME[,NAME]] [-- --list]. The families are in tools/prove/families.mjs.
import { join } from 'node:path'
import { exitCodeOf, runMain } from './lib/fail.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

await runMain(async () => {
  await setUp()
  return exitCodeOf(await run(findNode(), ['--no-warnings', join(root, 'tools/prove/main.mjs'), ...process.argv.slice(2)]))
})
