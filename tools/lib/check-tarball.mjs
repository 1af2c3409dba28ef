import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './workspace.mjs'

const list = (tarball) =>
  execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((name) => name.replace(/^package\//, ''))

/** The manifest in a tarball. */
export const readPackedManifest = (tarball) => JSON.parse(execFileSync('tar', ['-xzOf', tarball, 'package/package.json'], { encoding: 'utf8' }))

const REQUIRED = ['package.json', 'README.md', 'LICENSE']

const isBundled = (name) =>
  /^(?:bin\/[\w-]+\.js|dist\/[\w-]+\.mjs|dist\/bin\/[\w.-]+\.js|dist\/help\/[\w.-]+\.txt|dist\/third-party-licences\.txt|completions\/(?:bash|zsh|fish)\/[\w-]+(?:\.fish)?)$/.test(name)

const isBuilt = (folder, name) => {
  const stem = /^dist\/(?<stem>.+)\.(?:js|d\.ts)(?:\.map)?$/.exec(name)?.groups?.stem
  return stem !== undefined && existsSync(join(root, folder, 'src', `${stem}.ts`))
}

/** A built file of a library has its place in `src`; the bundle of a command is checked by starting it. A package may be both. */
const belongs = (folder, { isCommand, isLibrary }) => (name) => {
  if (REQUIRED.includes(name) || name === 'CHANGELOG.md') return true
  const isCarried = isLibrary && name.startsWith('node_modules/@mirror/')
  if (isCommand && (isBundled(name) || isCarried)) return true
  return isLibrary && isBuilt(folder, name)
}

const findFileFaults = (folder, names, kinds) => [
  ...REQUIRED.filter((name) => !names.includes(name)).map((name) => `has no ${name}`),
  ...names.filter((name) => !belongs(folder, kinds)(name)).map((name) => `holds ${name}, which does not belong there`),
]

const targetsOf = (value) => (typeof value === 'string' ? [value] : Object.values(value ?? {}).flatMap((inner) => targetsOf(inner)))

const findManifestFaults = (packed, names) => {
  const missing = [...targetsOf(packed.exports), ...targetsOf(packed.bin)].filter((target) => !names.includes(target.replace('./', '')))
  const leftovers = ['workspace:', 'catalog:', 'link:'].filter((protocol) => JSON.stringify(packed).includes(`"${protocol}`))
  return [
    ...missing.map((target) => `names ${target}, which is not in it`),
    ...leftovers.map((protocol) => `has a manifest with "${protocol}", which no registry understands`),
  ]
}

/** What is wrong with a tarball: files missing, files too many, a manifest that means nothing outside the workspace. */
export const findTarballFaults = ({ folder, manifest, tarball }) => {
  const names = list(tarball)
  const faults = [...findFileFaults(folder, names, { isCommand: manifest.bin !== undefined, isLibrary: manifest.exports?.['.'] !== undefined }), ...findManifestFaults(readPackedManifest(tarball), names)]
  return faults.map((fault) => `${manifest.name} ${fault}`)
}
