import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the package. */
export const home = dirname(dirname(fileURLToPath(import.meta.url)))

/** The oldest Node with all that it uses: zstd came last. */
export const NEEDED = '22.15'

/** What `--version` says. */
export const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))

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

/**
 * Takes modules of Node when the code runs, not when it is linked: so the first line can say that a Node is too old. Of each only what is used: to read every name of `node:fs` and the like loads much
 * that Node itself loads late.
 */
export const lateBuiltins = {
  name: 'late-builtins',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: 'builtin', sideEffects: false }))
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => IDENTIFIER.test(name) && name !== 'default')
      const lines = names.map((name) => `const own_${name} = /* @__PURE__ */ pick('${name}'); export { own_${name} as ${name} }`)
      return { contents: `const load = () => process.getBuiltinModule(${JSON.stringify(path)}), pick = (name) => load()[name]\nconst whole = /* @__PURE__ */ load()\nexport { whole as default }\n${lines.join('\n')}` }
    })
  },
}
