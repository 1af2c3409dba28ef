// Other people's tools against ours: npm run interop [name ...]. The checks are the files of tools/interop/, one each.
import { join } from 'node:path'
import { exitCodeOf, runMain } from './lib/fail.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

await runMain(async () => {
  await setUp()
  return exitCodeOf(await run(findNode(), [join(root, 'tools/lib/interop-main.mjs'), ...process.argv.slice(2)]))
})
