import { type Dirent, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isSubdirName, KNOWN_SUBDIRS } from '@mirror/core'

/** A channel that lies in the mirror. */
export interface FoundChannel {
  /** Its folder below the mirror; empty for the mirror's own store, where installers lie. */
  readonly folder: string
  /** Ours, with generations; otherwise a tree that another tool made. */
  readonly isStore: boolean
}

/** Channels nest no deeper. */
const DEPTH = 6
const INDEXES = ['repodata.json', 'repodata.json.zst', 'repodata_shards.msgpack.zst']

/** Finds the channels below a folder, by their stores and by their indexes, in order. Neither subdirs nor dot-folders are entered; what cannot be read has none. */
export function findChannels(mirrorDir: string, segments: readonly string[] = []): readonly FoundChannel[] {
  const names = readFolders(join(mirrorDir, ...segments))
  const subdirs = names.filter((name) => isSubdirName(name) && KNOWN_SUBDIRS.includes(name))
  const isStore = existsSync(join(mirrorDir, ...segments, '.mirror', 'format.json'))
  const isTree = subdirs.some((subdir) => INDEXES.some((index) => existsSync(join(mirrorDir, ...segments, subdir, index))))
  const own = isStore || (isTree && segments.length > 0) ? [{ folder: segments.join('/'), isStore }] : []
  if (segments.length >= DEPTH) return own
  return [...own, ...names.filter((name) => !subdirs.some((subdir) => subdir === name)).flatMap((name) => findChannels(mirrorDir, [...segments, name]))]
}

function readFolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry: Dirent) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name).toSorted()
  } catch {
    return []
  }
}
