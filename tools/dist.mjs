// Makes everything that is released, in dist/: npm run dist. The same bytes for the same commit and the same Node, whatever the folder.
//   --out FOLDER      another folder than dist/, which is emptied first
//   --sign KEY        also SHA256SUMS.minisig, with a key of `mirror delta new-key` or of minisign
//   --without PART    leaves out conda, executable or image (repeatable)
//   --node-image, --base-image NAME   what the container image is made of, where it is not to be what its Dockerfile says
import { join } from 'node:path'
import { exitCodeOf, runMain } from './lib/fail.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

await runMain(async () => {
  await setUp()
  return exitCodeOf(await run(findNode(), ['--no-warnings', join(root, 'tools/release/main.mjs'), ...process.argv.slice(2)], { cwd: process.cwd() }))
})
