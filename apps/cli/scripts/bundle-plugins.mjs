// What makes a bundled command start sooner: plugins of esbuild for ../build.mjs. None of them changes what the code does.
import { existsSync, readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'

const require = createRequire(import.meta.url)
/** What is bundled does not tell where it was built. */
const ROOT = join(import.meta.dirname, '../../..')

/**
 * string-width makes an Intl.Segmenter and a pattern of all emoji when it is loaded, which takes 20 ms. It is loaded when there is something to segment; of text that
 * is printable ASCII, as our help is, the width is the length.
 */
export const lazyStringWidth = {
  name: 'lazy-string-width',
  setup(build) {
    build.onResolve({ filter: /^string-width$/ }, async ({ path, namespace, resolveDir, kind }) => {
      if (namespace === 'string-width') return undefined
      const found = await build.resolve(path, { resolveDir, kind, namespace: 'string-width' })
      return found.errors.length > 0 ? found : { path: found.path, namespace: 'string-width' }
    })
    build.onLoad({ filter: /.*/, namespace: 'string-width' }, ({ path }) => ({
      contents: `export default (text, options) => (/^[ -~]*$/.test(text) ? text.length : require(${JSON.stringify(path)}).default(text, options))`,
      resolveDir: import.meta.dirname,
    }))
  },
}

/** What Node has not loaded already when it starts, each a millisecond or several: loaded by the first call of one of its functions. */
const COSTLY = new Set(['child_process', 'crypto', 'dns', 'dns/promises', 'fs/promises', 'http', 'https', 'net', 'os', 'readline', 'stream/promises', 'timers/promises', 'tls', 'worker_threads', 'zlib'])

/** Classes of which we need nothing but `new`; others may extend them. */
const ONLY_MADE = new Set(['Agent', 'BlockList', 'Worker'])

/** A function and nothing else: no class, and nothing is read of it but what it answers. */
const isPlainFunction = (value, name) => typeof value === 'function' && /^[a-z]/.test(name) && Object.keys(value).length === 0

/** How a name of a module is had: when it is called, or at once. */
const describeName = (name, value, { isCostly, isOurs }) => {
  if (isCostly && isOurs && ONLY_MADE.has(name)) return `made('${name}')`
  if (!isCostly || !isPlainFunction(value, name)) return `pick('${name}')`
  return value[promisify.custom] === undefined ? `later('${name}')` : `promisable(later('${name}'), '${name}')`
}

/** A module of Node's own, name by name: what nobody uses is dropped. */
const describeBuiltin = (path, isOurs) => {
  const all = Object.entries(require(`node:${path}`)).filter(([name]) => name !== 'default')
  const lines = all.map(([name, value]) => `const own_${name} = /* @__PURE__ */ ${describeName(name, value, { isCostly: COSTLY.has(path), isOurs })}; export { own_${name} as ${name} }`)
  return `const load = () => process.getBuiltinModule('node:${path}'), pick = (name) => load()[name]
const later = (name) => (...values) => pick(name)(...values)
const made = (name) => function (...values) { return new (pick(name))(...values) }
const promisable = (call, name) => Object.defineProperty(call, Symbol.for('nodejs.util.promisify.custom'), { get: () => pick(name)[Symbol.for('nodejs.util.promisify.custom')] })
const whole = /* @__PURE__ */ load()
export { whole as default }
${lines.join('\n')}
`
}

/**
 * `import` of a module of Node's own reads every property of it, and so loads what stands behind those that Node loads lazily (of node:fs, all of its streams: 3 ms).
 * The same module without that; one for each file that imports it, as a shared one would be a chunk, and so a file to read.
 */
export const plainBuiltins = {
  name: 'plain-builtins',
  setup(build) {
    build.onResolve({ filter: /^[a-z_:/0-9]+$/ }, ({ path, kind, importer }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path: path.replace(/^node:/, ''), suffix: `?${relative(ROOT, importer)}`, namespace: 'builtin', sideEffects: false, pluginData: { isOurs: !/[\\/]node_modules[\\/]/.test(importer) } } : undefined)
    build.onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path, pluginData }) => ({ contents: describeBuiltin(path, pluginData.isOurs) }))
  },
}

/** What the index of a package exports: name → file. */
const readIndex = (index) =>
  new Map([...readFileSync(index, 'utf8').matchAll(/^export \{(?<names>[^}]*)\} from '(?<file>\.[^']+)'/gm)].flatMap(({ groups: { names, file } }) =>
    names.split(',').map((name) => [name.trim(), join(dirname(index), file)])))

/** The index of a package that is read name by name: one of ours, and the modules of yaml. */
const indexOf = (packageName) => {
  if (packageName === 'yaml') return join(dirname(require.resolve('yaml')), '../browser/dist/index.js')
  const indexes = ['packages', 'apps'].map((parent) => join(import.meta.dirname, '../../..', parent, packageName.slice('@mirror/'.length), 'src/index.ts'))
  return indexes.find((path) => existsSync(path)) ?? indexes[0]
}

/**
 * esbuild puts a file into the chunks of all that reach it, and through the index of a package everything reaches everything: a command that needs the class of our
 * errors would read the whole package. An import from a package of ours, and from yaml, becomes one from the file that has it.
 */
export const directImports = {
  name: 'direct-imports',
  setup(build) {
    const indexes = new Map()
    const fileOf = (packageName, name) => {
      if (!indexes.has(packageName)) indexes.set(packageName, readIndex(indexOf(packageName)))
      return indexes.get(packageName).get(name.split(' ')[0]) ?? packageName
    }
    build.onLoad({ filter: /\/(?:apps|packages)\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll(/^import \{([^}]*)\} from '(@mirror\/[a-z-]+|yaml)'/gm, (_all, names, packageName) =>
        names.split(',').map((name) => name.trim()).filter((name) => name !== '' && !name.startsWith('type '))
          .map((name) => `import { ${name} } from ${JSON.stringify(fileOf(packageName, name))}`).join('; ')),
      loader: 'ts',
    }))
  },
}

/**
 * yaml for Node is CommonJS, of which all is bundled and run; what it has for browsers is the same code as modules. It differs in how it decodes `!!binary`: that stays as it is in Node.
 */
export const yamlModules = {
  name: 'yaml-modules',
  setup(build) {
    build.onResolve({ filter: /^yaml$/ }, async ({ path, resolveDir, kind, pluginData }) => {
      if (pluginData === yamlModules) return undefined
      const found = await build.resolve(path, { resolveDir, kind, pluginData: yamlModules })
      return found.errors.length > 0 ? found : { path: join(dirname(found.path), '../browser/dist/index.js') }
    })
    build.onLoad({ filter: /\/yaml\/browser\/dist\/schema\/yaml-1\.1\/binary\.js$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replace("atob(src.replace(/[\\n\\r]/g, ''))", "Buffer.from(src, 'base64').toString('latin1')"),
    }))
  },
}
