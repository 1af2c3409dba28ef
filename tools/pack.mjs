// Makes a tarball of every published package in tarballs/. They install with no registry for our own packages: npm install -g ./tarballs/*.tgz
// With --executable also tarballs/conda-diff-tar, which needs no Node: npm run pack -- --executable
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { runMain, ToolError } from './lib/fail.mjs'
import { packAll } from './lib/pack.mjs'
import { run } from './lib/run.mjs'
import { setUp } from './lib/setup.mjs'
import { findNode, root } from './lib/workspace.mjs'

const describe = (tarball) => {
  const bytes = readFileSync(tarball)
  return `${createHash('sha256').update(bytes).digest('hex')}  ${String(Math.ceil(bytes.length / 1024)).padStart(5)} KiB  ${relative(root, tarball)}\n`
}

await runMain(async () => {
  await setUp()
  for (const { tarball } of await packAll(join(root, 'tarballs'))) process.stdout.write(describe(tarball))
  if (process.argv.includes('--executable')) {
    const executable = join(root, 'tarballs', 'conda-diff-tar')
    const built = await run(findNode(), [join(root, 'packages/difftar/scripts/build-executable.mjs'), executable], { quiet: true })
    if (built.code !== 0) throw new ToolError(`${built.output.trimEnd()}\n\nCannot build the executable: the lines above say why.`)
    process.stdout.write(describe(executable))
  }
  process.stdout.write('\nThe command line, which needs no other package: npm install -g ./tarballs/mirror-cli-*.tgz. Everything: npm install -g ./tarballs/*.tgz\n')
})
