// Takes the pictures of the pages in docs/images anew: node tools/screenshots.mjs. Needs Chromium and faketime, which it installs from Debian where it may.
import { join } from 'node:path'
import { exitCodeOf, runMain, ToolError } from './lib/fail.mjs'
import { prepareTool } from './lib/prepare-tool.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

await runMain(async () => {
  await setUp()
  const tools = {}
  for (const name of ['chromium', 'faketime']) {
    const { path, why } = await prepareTool(name)
    if (path === undefined) throw new ToolError(`Cannot take pictures: ${name}: ${why}`)
    tools[name] = path
  }
  return exitCodeOf(await run(findNode(), ['--no-warnings', join(root, 'tools/lib/take-screenshots.mjs'), JSON.stringify({ root, to: process.argv[2] ?? join(root, 'docs/images'), tools })]))
})
