// Merges the chunks that esbuild makes: it splits whatever any two commands do not share into a file of its own, and to find, read and link a file takes Node half a millisecond.
// What one of the commands that shall start soon needs comes in a handful of files; the rest may be in more.
import { statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { rolldown } from 'rolldown'

/** What nearly every start needs: in the file of the program itself. */
const ALWAYS = ['run-command']
/** What is loaded together, by the files that start it; what is small goes with something that is loaded anyway. */
const STARTS = { status: ['status'], yaml: ['config-file'], config: ['format-config'], sync: ['sync', 'tidy', 'remove-store'] }
const SMALL = 24_000

/** Where each file of `folder` goes: file → chunk; undefined for those that are left to the bundler. Throws when chunks would need each other, because then none can be run first. */
const assignFiles = (folder, { outputs, entry }) => {
  const imports = new Map(Object.entries(outputs).map(([path, { imports: all }]) =>
    [basename(path), all.filter(({ kind }) => kind === 'import-statement').map((one) => basename(one.path))]))
  const reach = (name, seen = new Set()) => {
    if (seen.has(name) || !imports.has(name)) return seen
    seen.add(name)
    for (const next of imports.get(name)) reach(next, seen)
    return seen
  }
  const fileOf = (start) => [...imports.keys()].find((name) => name.replace(/-[A-Z0-9]{8}\.js$/, '') === start) ?? fail(`nothing starts with ${start}`)
  const always = ALWAYS.reduce((all, start) => reach(fileOf(start), all), reach(basename(entry)))
  const users = new Map()
  for (const [user, starts] of Object.entries(STARTS)) {
    for (const name of starts.flatMap((start) => [...reach(fileOf(start))])) if (!always.has(name)) users.set(name, new Set([...(users.get(name) ?? []), user]))
  }
  const sets = Map.groupBy(users.keys(), (name) => [...users.get(name)].join('-'))
  const bytesOf = (set) => sets.get(set).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)
  const large = [...sets.keys()].filter((set) => bytesOf(set) >= SMALL).sort((left, right) => bytesOf(left) - bytesOf(right))
  const isWithin = (set, other) => set.split('-').every((user) => other.split('-').includes(user))
  const program = basename(entry, '.js')
  const chunks = new Map([...always].map((name) => [name, program]))
  const chunkOf = (set) => (large.includes(set) ? set : large.find((other) => isWithin(set, other)) ?? program)
  for (const [set, names] of sets) for (const name of names) chunks.set(name, chunkOf(set))
  assertOrder(chunks, imports)
  return chunks
}

const assertOrder = (chunks, imports) => {
  const needs = (chunk) => new Set([...chunks].filter(([, own]) => own === chunk).flatMap(([name]) => imports.get(name)).map((name) => chunks.get(name)).filter((other) => other !== undefined && other !== chunk))
  const walk = (chunk, path) => {
    if (path.includes(chunk)) fail(`chunks need each other: ${[...path, chunk].join(' -> ')}`)
    for (const next of needs(chunk)) walk(next, [...path, chunk])
  }
  for (const chunk of new Set(chunks.values())) walk(chunk, [])
}

const fail = (message) => { throw new Error(`Cannot merge chunks: ${message}`) }

/** Writes the files that `entry` of `from` needs into `to`, merged; `outputs` are those of esbuild's metafile. Answers their names. */
export const mergeChunks = async ({ from, to, entry, outputs }) => {
  const chunks = assignFiles(from, { outputs, entry })
  await using bundle = await rolldown({
    input: { [basename(entry, '.js')]: join(from, entry) },
    platform: 'node',
    treeshake: false,
    external: (id) => !id.startsWith('.') && !id.startsWith('/'),
    preserveEntrySignatures: 'allow-extension',
    checks: { invalidAnnotation: false },
  })
  const { output } = await bundle.write({
    dir: to,
    format: 'esm',
    // The name that esbuild gave, without its hash.
    chunkFileNames: ({ name }) => `${name.replace(/-[A-Z0-9]{8}$/, '')}-[hash].js`,
    minify: { compress: false, mangle: true, codegen: { removeWhitespace: true } },
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: (id) => chunks.get(basename(id)) ?? null, debugName: 'what is loaded together' }] },
  })
  return output.map(({ fileName }) => fileName)
}
