import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isSubdirName, KNOWN_SUBDIRS, type SubdirName } from '@mirror/core'

/** A channel that lies in a mirror. */
export interface FoundChannel {
  /** Its folder below the mirror; empty for the mirror's own folder, where installers lie. */
  readonly folder: string
  readonly root: string
  /** A store of ours, with or without a generation; otherwise a tree that another tool made. */
  readonly isStore: boolean
  /** Those that have an index, by name. */
  readonly subdirs: readonly SubdirName[]
}

/** Channels nest no deeper. */
const DEPTH = 6
const INDEX_FILES = ['repodata.json', 'repodata.json.zst', 'repodata.json.bz2', 'repodata_shards.msgpack.zst']
const STORE_FILES = ['format.json', 'head']

/** Finds the channels of a mirror, by their stores and by their indexes, in order. Neither subdirs nor dot-folders are entered; a folder that cannot be read has none. */
export function findChannels(mirrorDir: string): readonly FoundChannel[] {
  return findBelow(mirrorDir, [])
}

/** The subdirs that have an index in a folder, by name. Walks nothing below them. */
export function listSubdirs(root: string): readonly SubdirName[] {
  return withIndex(root, readFolders(root))
}

function findBelow(mirrorDir: string, segments: readonly string[]): readonly FoundChannel[] {
  const root = join(mirrorDir, ...segments)
  const names = readFolders(root)
  const subdirs = withIndex(root, names)
  const isStore = STORE_FILES.some((file) => existsSync(join(root, '.mirror', file)))
  const own = isStore || subdirs.length > 0 ? [{ folder: segments.join('/'), root, isStore, subdirs }] : []
  if (segments.length >= DEPTH) return own
  return [...own, ...names.filter((name) => !isSubdirName(name) || !KNOWN_SUBDIRS.includes(name)).flatMap((name) => findBelow(mirrorDir, [...segments, name]))]
}

function withIndex(root: string, names: readonly string[]): readonly SubdirName[] {
  return names.filter(isSubdirName).filter((name) => INDEX_FILES.some((file) => existsSync(join(root, name, file))))
}

/** At once: the module of promises would take longer to load than most folders to read. */
function readFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry: Dirent) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name).toSorted()
  } catch {
    return []
  }
}
