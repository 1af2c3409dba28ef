// Bundles the command into one file, dist/difftar.mjs, which needs a Node and nothing else: it travels beside the deltas that it reads.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
// Another folder for tests, which must not replace what somebody runs.
const out = resolve(process.argv[2] ?? join(here, 'dist'))
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'))
const require = createRequire(import.meta.url)

/** The oldest Node with all that it uses: zstd came last. */
const NEEDED = '22.15'

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** Takes modules of Node when the code runs, not when it is linked: so the first line can say that a Node is too old. */
const lateBuiltins = {
  name: 'late-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => IDENTIFIER.test(name) && name !== 'default')
      return { contents: `const it = process.getBuiltinModule(${JSON.stringify(path)})\nexport default it\nexport const { ${names.join(', ')} } = it` }
    })
  },
}

const banner = `#!/usr/bin/env node
{
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < 22 || (major === 22 && minor < 15)) {
    process.stderr.write('Cannot start conda-diff-tar: it needs Node ${NEEDED} or later, this is ' + process.version + '.\\n')
    process.exit(1)
  }
}`

try {
  await build({
    absWorkingDir: here,
    entryPoints: ['src/bin/conda-diff-tar.ts'],
    outfile: join(out, 'difftar.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: `node${NEEDED}`,
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    banner: { js: banner },
    plugins: [lateBuiltins],
    define: { DIFFTAR_VERSION: JSON.stringify(version) },
  })
} catch (error) {
  // esbuild has shown its own errors already.
  if (!Array.isArray(error.errors)) throw error
  process.exitCode = 1
}
