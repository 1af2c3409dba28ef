// Bundles what src/bin/ has into dist/bin/, and what runs beside it: workers, found by their name (*-worker.ts in any package or app).
// No dependency is left outside. What is imported dynamically becomes a chunk of its own, read when it is needed. As every file that is read takes its half
// millisecond, what starts first (src/bin/) and workers are one file each, and are no reason to split the rest, of which chunks are merged (scripts/merge-chunks.mjs).
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { renderAllHelp } from './scripts/render-help.ts'
import { directImports, lazyStringWidth, plainBuiltins, yamlModules } from './scripts/bundle-plugins.mjs'
import { mergeChunks } from './scripts/merge-chunks.mjs'

const here = dirname(fileURLToPath(import.meta.url))
// Another folder for tests, which must not replace what somebody runs.
const out = resolve(process.argv[2] ?? join(here, 'dist'))

const LATER = './run-program.ts'

/** What starts first leaves the program itself for later. */
const startOnly = {
  name: 'start-only',
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/run-program\.ts$/ }, ({ kind }) => (kind === 'dynamic-import' ? { path: LATER.replace('.ts', '.js'), external: true } : undefined)),
}

/** Files of the last build go only when this one has succeeded. */
const removeOthers = (folder, names) => {
  for (const name of readdirSync(folder)) if (!names.includes(name)) rmSync(join(folder, name))
}

/** Bundles files, each under its own name; answers the metafile. */
const bundleFiles = async (paths, { splitting = false, plugins = [], outdir = join(out, 'bin') } = {}) => {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: Object.fromEntries(paths.map((path) => [basename(path, '.ts'), path])),
    outdir,
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minifySyntax: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    plugins: [...plugins, directImports, lazyStringWidth, yamlModules, plainBuiltins],
    // Some dependencies are CommonJS: they call require() for modules of Node, and one looks at its folder before it starts.
    banner: { js: "const require = (name) => process.getBuiltinModule(name) ?? process.getBuiltinModule('node:module').createRequire(import.meta.url)(name)" },
    define: { __dirname: 'import.meta.dirname' },
  })
  return metafile
}

const bundle = async () => {
  const split = mkdtempSync(join(tmpdir(), 'bundle-'))
  try {
    const [start, program, workers] = await Promise.all([
      bundleFiles(globSync('src/bin/*.ts', { cwd: here }), { plugins: [startOnly] }),
      bundleFiles([join('src', LATER)], { splitting: true, outdir: split }),
      bundleFiles(globSync('../../{packages,apps}/*/src/**/*-worker.ts', { cwd: here })),
    ])
    const merged = await mergeChunks({ from: split, to: join(out, 'bin'), entry: basename(LATER, '.ts') + '.js', outputs: program.outputs })
    removeOthers(join(out, 'bin'), [...merged, ...[start, workers].flatMap(({ outputs }) => Object.keys(outputs)).map((path) => basename(path))])
    return [start, program, workers].flatMap(({ inputs }) => Object.keys(inputs))
  } finally {
    rmSync(split, { recursive: true })
  }
}

/** The folder of the installed package that a bundled file belongs to; undefined for files of ours. */
const packageFolderOf = (path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path.split(sep).join('/'))?.[0]

const licenceOf = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(here, folder, 'package.json'), 'utf8'))
  const file = readdirSync(join(here, folder)).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry))
  const text = file === undefined ? '' : `\n${readFileSync(join(here, folder, file), 'utf8').trim()}\n`
  return `${name} ${version} (${license})\n${text}`
}

/** What is bundled keeps its licence. */
const writeLicences = (inputs) => {
  const folders = new Set(inputs.map((input) => packageFolderOf(input)).filter((folder) => folder !== undefined && existsSync(join(here, folder, 'package.json'))))
  const texts = [...folders].map((folder) => licenceOf(folder)).sort()
  writeFileSync(join(out, 'third-party-licences.txt'), `The commands contain the following packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`)
}

/** Help is rendered once, here, by the code that renders it where this is not. */
const writeHelp = async () => {
  const folder = join(out, 'help')
  const all = await renderAllHelp()
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of all) writeFileSync(join(folder, name), text)
  removeOthers(folder, [...all.keys()])
}

/** The single file that `delta create --with-tool` puts beside a delta. */
const bundleTool = () => execFileSync(process.execPath, [join(here, '../../packages/difftar/build.mjs'), out], { stdio: 'inherit' })

mkdirSync(out, { recursive: true })
try {
  writeLicences(await bundle())
  await writeHelp()
  bundleTool()
} catch (error) {
  // esbuild has shown its own errors already.
  if (!Array.isArray(error.errors)) throw error
  process.exitCode = 1
}
