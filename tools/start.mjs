// Sets up if needed, then runs `mirror` with the arguments in the caller's folder; without arguments, a demonstration.
import { join } from 'node:path'
import { exitCodeOf, runMain } from './lib/fail.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

await runMain(async () => {
  await setUp()
  const args = process.argv.slice(2)
  const script = args.length > 0 ? 'apps/cli/bin/mirror.js' : 'tools/demo.ts'
  // npm changes into the repository's root; INIT_CWD is where it was called.
  const cwd = process.env['INIT_CWD'] ?? process.cwd()
  return exitCodeOf(await run(findNode(), [join(root, script), ...args], { cwd }))
})
