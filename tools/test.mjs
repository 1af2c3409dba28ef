// Sets up if needed, then runs the tests of all packages. Arguments go to vitest: npm test -- packages/core -t 'planSubdir'
import { join } from 'node:path'
import { exitCodeOf, runMain, ToolError } from './lib/fail.mjs'
import { run } from './lib/run.mjs'
import { setUp, setUpDependencies } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

/** Most tests need no build: where it fails, the others still run. */
const tryBuild = async () => {
  try {
    await setUp()
    return true
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    process.stderr.write(`\n${error.message}\nThe tests run without it; those that start a command will fail, and so does this run.\n`)
    return false
  }
}

await runMain(async () => {
  await setUpDependencies()
  const built = await tryBuild()
  const code = exitCodeOf(await run(findNode(), [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...process.argv.slice(2)]))
  return built ? code : code || 1
})
