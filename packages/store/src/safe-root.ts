import fs from 'node:fs'
import os from 'node:os'
import { join, resolve, sep } from 'node:path'
import { createDiskPaths, DOT_FOLDER } from './disk-paths.ts'
import { listSubdirs } from './find-channels.ts'
import { listGenerations, readHead } from './generation-file.ts'
import { storeError } from './store-error.ts'

/** What lies where a channel's store is to be. */
export type RootKind =
  /** Nothing has the name. */
  | { readonly kind: 'absent' }
  /** A folder without content of its own: a dot-folder of a first run that broke off, and other channels' stores, aside. */
  | { readonly kind: 'empty' }
  /** A store with this newest generation; undefined when its first commit never happened. */
  | { readonly kind: 'store'; readonly generation: number | undefined }
  /** A folder with other content and no store: a mirror that another tool made, or something else. `names` are at most ten of what it has. */
  | { readonly kind: 'foreign'; readonly names: readonly string[]; readonly looksLikeChannel: boolean }

/**
 * Tells what a folder is, without writing and without walking it; of a store that shares its root, by `folders` alone. Throws `STORE_UNSAFE_PATH` for a root
 * that is a symlink, no folder, or a place of the system, and `STORE_TOO_NEW` for a store of a later version.
 */
export function inspectRoot(root: string, folders?: readonly string[]): RootKind {
  assertSafeRoot(root)
  const paths = createDiskPaths(resolve(root))
  if (fs.lstatSync(paths.root, { throwIfNoEntry: false }) === undefined) return { kind: 'absent' }
  const head = readHead(paths)
  if (head !== undefined) return { kind: 'store', generation: head.generation.number }
  if (listGenerations(paths).length > 0 || fs.existsSync(paths.head)) return { kind: 'store', generation: undefined }
  const names = folders === undefined ? fs.readdirSync(paths.root).filter((name) => name !== DOT_FOLDER && !leadsToStore(join(paths.root, name))) : folders.filter((name) => isOccupied(join(paths.root, name)))
  if (names.length === 0) return { kind: 'empty' }
  if (isOurBeginning(paths.own)) return { kind: 'store', generation: undefined }
  return { kind: 'foreign', names: names.toSorted().slice(0, 10), looksLikeChannel: folders !== undefined || listSubdirs(paths.root).length > 0 }
}

const NESTING = 4

/** True for a folder that is a store, or has nothing but folders that lead to one: channels may nest, and what is another store's is its own business. */
export function leadsToStore(folder: string, depth: number = NESTING): boolean {
  if (fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false
  if (fs.existsSync(join(folder, DOT_FOLDER))) return true
  const names = depth === 0 ? [] : fs.readdirSync(folder)
  return names.length > 0 && names.length < 1000 && names.every((name) => leadsToStore(join(folder, name), depth - 1))
}

function isOccupied(path: string): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  return stat !== undefined && (!stat.isDirectory() || fs.readdirSync(path).length > 0)
}

/** True when a transaction was begun here with consent, so that what lies here is ours or was agreed to. */
function isOurBeginning(own: string): boolean {
  return fs.existsSync(join(own, 'format.json'))
}

const SYSTEM_TREES = ['/dev', '/proc', '/sys', '/boot', '/etc']
/** A plain file system in memory, though it lies among the devices. */
const SHARED_MEMORY = '/dev/shm/'
const SYSTEM_FOLDERS = ['/bin', '/home', '/lib', '/lib32', '/lib64', '/opt', '/root', '/run', '/sbin', '/srv', '/tmp', '/usr', '/var', '/Users', '/System', '/Library', '/Applications']
const SYSTEM_PARENTS = ['/usr', '/bin', '/sbin', '/lib', '/lib64', '/System', '/Library']
const OF_VAR = ['backups', 'cache', 'lib', 'local', 'lock', 'log', 'mail', 'opt', 'run', 'spool', 'tmp']

/** Throws `STORE_UNSAFE_PATH` for a root that is a symlink, not a folder, or a place of the system. */
export function assertSafeRoot(root: string): void {
  const path = resolve(root)
  if (isSystemPath(path) || isSystemPath(realpathOfExisting(path))) {
    throw unsafePath(path, 'it belongs to the system or is a home folder')
  }
  assertFolder(path)
}

/** Throws `STORE_UNSAFE_PATH` unless the path is absent or a real folder. */
export function assertFolder(path: string): void {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.isDirectory()) return
  throw unsafePath(path, stat.isSymbolicLink() ? 'it is a symbolic link' : 'it is not a folder')
}

/** Throws `STORE_UNSAFE_PATH` unless the path is absent or a regular file. */
export function assertRegular(path: string): void {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.isFile()) return
  throw unsafePath(path, stat.isSymbolicLink() ? 'it is a symbolic link' : 'it is not a regular file')
}

function unsafePath(path: string, what: string): Error {
  return storeError('STORE_UNSAFE_PATH', `Cannot use ${JSON.stringify(path)}: ${what}`, {
    hint: 'Choose a folder of its own for the mirror, or move away what is there. Nothing was changed.', details: { path },
  })
}

function isSystemPath(path: string): boolean {
  const segments = path.split(sep).filter((segment) => segment !== '')
  if (segments.length === 0 || SYSTEM_FOLDERS.includes(path) || path === homeFolder()) return true
  if (SYSTEM_TREES.some((tree) => path === tree || path.startsWith(`${tree}/`))) return !path.startsWith(SHARED_MEMORY)
  const [first = '', second = ''] = segments
  return segments.length === 2 && (SYSTEM_PARENTS.includes(`/${first}`) || (first === 'var' && OF_VAR.includes(second)))
}

/** The home folder by the user database; the environment is not asked. */
function homeFolder(): string | undefined {
  try {
    return os.userInfo().homedir
  } catch {
    return undefined
  }
}

function realpathOfExisting(path: string): string {
  try {
    return fs.realpathSync(path)
  } catch {
    return path
  }
}
