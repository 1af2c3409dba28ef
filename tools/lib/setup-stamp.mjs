import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './workspace.mjs'

const path = join(root, 'node_modules', '.cache', 'setup', 'stamp')

const foldersOf = (parent) =>
  readdirSync(join(root, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${parent}/${entry.name}`)

/** The folders of the workspace's packages that have a manifest, relative to the root, sorted. */
export const packageFolders = () =>
  [...foldersOf('packages'), ...foldersOf('apps'), 'test-fixtures', 'tools']
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .toSorted((one, other) => one.localeCompare(other))

const inputs = () => ['pnpm-lock.yaml', '.pnpmfile.mjs', 'pnpm-workspace.yaml', 'package.json', ...packageFolders().map((folder) => `${folder}/package.json`)]

/** One hash of everything that decides what is installed: the lockfile, the workspace's settings and all manifests. */
export const installHash = () => {
  const hash = createHash('sha256').update(`${process.platform} ${process.arch}\n`)
  for (const file of inputs()) hash.update(`${file}\n`).update(readFileSync(join(root, file))).update('\n')
  return hash.digest('hex')
}

/** Whether the installation that `hash` describes was finished in this checkout. */
export const isInstalled = (hash) => {
  try {
    return readFileSync(path, 'utf8') === hash
  } catch {
    return false
  }
}

/** Forgets a finished installation; called before anything is changed, so that an interrupted one is seen. */
export const removeStamp = () => rmSync(path, { force: true })

/** Remembers a finished installation; the last thing that an installation does. */
export const writeStamp = (hash) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, hash)
}
