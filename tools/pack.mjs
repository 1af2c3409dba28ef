// Makes a tarball of every published package in tarballs/. They install with no registry for our own packages: npm install -g ./tarballs/*.tgz
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { runMain } from './lib/fail.mjs'
import { packAll } from './lib/pack.mjs'
import { setUp } from './lib/setup.mjs'
import { root } from './lib/workspace.mjs'

const describe = (tarball) => {
  const bytes = readFileSync(tarball)
  return `${createHash('sha256').update(bytes).digest('hex')}  ${String(Math.ceil(bytes.length / 1024)).padStart(5)} KiB  ${relative(root, tarball)}\n`
}

await runMain(async () => {
  await setUp()
  for (const { tarball } of await packAll(join(root, 'tarballs'))) process.stdout.write(describe(tarball))
  process.stdout.write('\nThe command line, which needs no other package: npm install -g ./tarballs/mirror-cli-*.tgz. Everything: npm install -g ./tarballs/*.tgz\n')
})
