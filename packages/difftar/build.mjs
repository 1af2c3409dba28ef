// Bundles the command into one file, dist/difftar.mjs, which needs a Node and nothing else: it travels beside the deltas that it reads.
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { bundleOptions, home, lateBuiltins, NEEDED, version } from './scripts/bundle-options.mjs'
import { HELP } from './src/cli/help.ts'

// Another folder for tests, which must not replace what somebody runs.
const out = resolve(process.argv[2] ?? join(home, 'dist'))

const banner = `#!/usr/bin/env node
{
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 15)) {
    process.stderr.write('Cannot start conda-diff-tar: it needs Node ${NEEDED} or later, this is ' + process.version + '.\\n')
    process.exit(1)
  }
  // Asked again and again, by scripts and by people: nothing is loaded for it. What it answers is what the program answers.
  const answers = new Map(${JSON.stringify([['--version', `conda-diff-tar: ${version}\n`], ['--help', HELP], ['-h', HELP]])})
  const asked = process.argv.length === 3 ? answers.get(process.argv[2]) : undefined
  if (asked !== undefined) {
    process.stdout.on('error', () => process.exit(0))
    process.stdout.write(asked, () => process.exit(0))
    await new Promise(() => {})
  }
}`

try {
  await build({ ...bundleOptions, entryPoints: ['src/bin/conda-diff-tar.ts'], outfile: join(out, 'difftar.mjs'), format: 'esm', banner: { js: banner }, plugins: [lateBuiltins] })
} catch (error) {
  // esbuild has shown its own errors already.
  if (!Array.isArray(error.errors)) throw error
  process.exitCode = 1
}
