// Bundles every command in src/bin/ into dist/bin/, and what runs beside it: workers, found by their name (*-worker.ts in any package).
// No dependency is left outside the bundle; what a command imports dynamically becomes a chunk of its own, read when it is needed.
import { globSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, 'dist')
const workers = globSync('../../packages/*/src/**/*-worker.ts', { cwd: here })
const commands = globSync('src/bin/*.ts', { cwd: here })
const nameOf = (path) => basename(path, '.ts')

rmSync(out, { recursive: true, force: true })
await build({
  absWorkingDir: here,
  entryPoints: Object.fromEntries([...commands, ...workers].map((path) => [nameOf(path), path])),
  outdir: join(out, 'bin'),
  chunkNames: '[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  // Some dependencies are CommonJS and call require() for node: modules.
  banner: { js: "import { createRequire as createBundleRequire } from 'node:module'; const require = createBundleRequire(import.meta.url)" },
})
