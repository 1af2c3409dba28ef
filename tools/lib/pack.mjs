import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ToolError } from './fail.mjs'
import { run } from './run.mjs'
import { packageFolders } from './setup-stamp.mjs'
import { binPath, readJson, root } from './workspace.mjs'

/** The packages that are published: `{ folder, manifest }`, folders relative to the root. */
export const publicPackages = () =>
  packageFolders()
    .map((folder) => ({ folder, manifest: readJson(`${folder}/package.json`) }))
    .filter(({ manifest }) => !manifest.private)

const needOk = (what, { code, output }) => {
  if (code !== 0) throw new ToolError(`${output.trimEnd()}\n\nCannot ${what}: the lines above say why.`)
}

/** tsc leaves the output of a source that is gone; it must not be packed. */
const removeOrphans = (folder) => {
  const dist = join(root, folder, 'dist')
  const names = existsSync(dist) ? readdirSync(dist, { recursive: true }) : []
  for (const name of names) {
    const stem = /^(?<stem>.*)\.(?:js|d\.ts)(?:\.map)?$/.exec(name)?.groups?.stem
    if (stem !== undefined && !existsSync(join(root, folder, 'src', `${stem}.ts`))) rmSync(join(dist, name))
  }
}

const tarballName = ({ name, version }) => `${name.replace('@', '').replace('/', '-')}-${version}.tgz`

const packOne = async ({ folder, manifest }, into) => {
  if (!manifest.bin) removeOrphans(folder)
  const tarball = join(into, tarballName(manifest))
  needOk(`pack ${manifest.name}`, await run(binPath('pnpm'), ['pack', '--out', tarball], { quiet: true, cwd: join(root, folder) }))
  return { folder, manifest, tarball }
}

/**
 * Puts the packages of this repository that a command needs into its own tarball, so that it installs from one file with no registry: `bundleDependencies` of what npm would have
 * fetched. A command that is bundled whole has no dependencies and stays as it is.
 */
const carrySiblings = async (item, all) => {
  const siblings = all.filter(({ manifest }) => item.manifest.dependencies?.[manifest.name] !== undefined)
  if (!item.manifest.bin || item.manifest.exports?.['.'] === undefined || siblings.length === 0) return
  const work = mkdtempSync(join(tmpdir(), 'pack-'))
  try {
    const unpack = async (tarball, into) => {
      mkdirSync(into, { recursive: true })
      needOk(`unpack ${tarball}`, await run('tar', ['-xzf', tarball, '-C', into, '--strip-components=1'], { quiet: true }))
    }
    await unpack(item.tarball, work)
    for (const { manifest, tarball } of siblings) await unpack(tarball, join(work, 'node_modules', manifest.name))
    const path = join(work, 'package.json')
    const packed = JSON.parse(readFileSync(path, 'utf8'))
    writeFileSync(path, `${JSON.stringify({ ...packed, bundleDependencies: siblings.map(({ manifest }) => manifest.name) }, undefined, 2)}\n`)
    needOk(`pack ${item.manifest.name} with what it needs`, await run('npm', ['pack', '--ignore-scripts', '--pack-destination', dirname(item.tarball), work], { quiet: true, cwd: work }))
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** A package and those of this repository that it needs, as its manifest says. */
const withSiblings = (name) => {
  const all = publicPackages()
  const wanted = new Set([name])
  for (const one of wanted) for (const dependency of Object.keys(all.find(({ manifest }) => manifest.name === one)?.manifest.dependencies ?? {})) wanted.add(dependency)
  return all.filter(({ manifest }) => wanted.has(manifest.name))
}

/** Builds every published package, or one and what it needs, and packs it into the folder, which is emptied first: `{ folder, manifest, tarball }` of each. */
export const packAll = async (into, { only } = {}) => {
  const chosen = only === undefined ? publicPackages() : withSiblings(only)
  // What turbo restores is added to what is there: chunks of an older bundle must not be packed.
  for (const { folder, manifest } of chosen) if (manifest.bin) rmSync(join(root, folder, 'dist'), { recursive: true, force: true })
  needOk('build', await run(binPath('turbo'), ['run', 'build', 'bundle', '--output-logs=errors-only', ...(only === undefined ? [] : [`--filter=${only}`])], { quiet: true }))
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into, { recursive: true })
  const packed = await Promise.all(chosen.map((item) => packOne(item, into)))
  for (const item of packed) await carrySiblings(item, packed)
  return packed
}
