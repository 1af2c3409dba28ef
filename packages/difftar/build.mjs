// Bundles the command into one file, dist/difftar.mjs, which needs a Node and nothing else: it travels beside the deltas that it reads.
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
// Another folder for tests, which must not replace what somebody runs.
const out = resolve(process.argv[2] ?? join(here, 'dist'))
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))

try {
  await build({
    absWorkingDir: here,
    entryPoints: ['src/bin/conda-diff-tar.ts'],
    outfile: join(out, 'difftar.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    // The oldest Node with zstd and the rest of what it uses.
    target: 'node22.15',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: '#!/usr/bin/env node' },
    define: { DIFFTAR_VERSION: JSON.stringify(version) },
  })
} catch (error) {
  // esbuild has shown its own errors already.
  if (!Array.isArray(error.errors)) throw error
  process.exitCode = 1
}
