import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the package. */
export const home = dirname(dirname(fileURLToPath(import.meta.url)))

/** The oldest Node with all that it uses: zstd came last. */
export const NEEDED = '22.15'

const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))

/** How everything is bundled: whole, with no dependency left outside. */
export const bundleOptions = {
  absWorkingDir: home,
  bundle: true,
  platform: 'node',
  target: `node${NEEDED}`,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: { DIFFTAR_VERSION: JSON.stringify(version) },
}

const require = createRequire(import.meta.url)
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/

/** Takes modules of Node when the code runs, not when it is linked: so the first line can say that a Node is too old. */
export const lateBuiltins = {
  name: 'late-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin' }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => IDENTIFIER.test(name) && name !== 'default')
      return { contents: `const it = process.getBuiltinModule(${JSON.stringify(path)})\nexport default it\nexport const { ${names.join(', ')} } = it` }
    })
  },
}
