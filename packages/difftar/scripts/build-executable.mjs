// Makes build/conda-diff-tar: the command and the Node that runs this, in one executable for Linux (https://nodejs.org/docs/latest-v24.x/api/single-executable-applications.html).
// It needs the C and C++ libraries that Node itself needs, and no Node. Node 24 prepares what is put in and leaves putting it in to postject.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { build } from 'esbuild'
import { inject } from 'postject'
import { bundleOptions, home } from './bundle-options.mjs'

// Another place for tests.
const target = resolve(process.argv[2] ?? join(home, 'build', 'conda-diff-tar'))
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

const work = mkdtempSync(join(tmpdir(), 'executable-'))
try {
  const [main, config, blob, draft] = ['main.cjs', 'sea.json', 'sea.blob', 'conda-diff-tar'].map((name) => join(work, name))
  await build({ ...bundleOptions, entryPoints: ['src/bin/executable.ts'], outfile: main, format: 'cjs', define: { ...bundleOptions.define, 'import.meta.url': '"file:///"' } })
  // Neither the folder nor the chance that seeds the code cache goes in: the same sources and the same Node give the same bytes.
  writeFileSync(config, JSON.stringify({ main: basename(main), output: blob, disableExperimentalSEAWarning: true, useCodeCache: true }))
  execFileSync(process.execPath, ['--random-seed=1', '--experimental-sea-config', config], { stdio: ['ignore', 'ignore', 'pipe'], cwd: work })
  copyFileSync(realpathSync(process.execPath), draft)
  chmodSync(draft, 0o755)
  // It warns of sections of Node whose names are cut, which means nothing: the executable is started below.
  Object.assign(console, { warn: () => undefined })
  await inject(draft, 'NODE_SEA_BLOB', readFileSync(blob), { sentinelFuse: FUSE })
  const said = execFileSync(draft, ['--version'], { encoding: 'utf8', env: {} })
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(draft, `${target}.part`)
  renameSync(`${target}.part`, target)
  process.stdout.write(`${said.trimEnd()}, ${(statSync(target).size / 1024 ** 2).toFixed(0)} MiB: ${target}\n`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
