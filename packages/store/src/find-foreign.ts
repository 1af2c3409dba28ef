import fs from 'node:fs'
import { join } from 'node:path'
import type { ArtifactSet } from '@mirror/core'
import type { ChannelState, PublishedFile } from '@mirror/delta'
import type { DiskPaths } from './disk-paths.ts'
import { readNames } from './generation-file.ts'
import { publishedFiles } from './public-state.ts'
import { leadsToStore } from './safe-root.ts'
import { readTrash } from './trash.ts'

/** What is known to be the store's. */
export interface KnownFiles {
  readonly state: ChannelState
  readonly sets: readonly ArtifactSet[]
  readonly shards: readonly PublishedFile[]
  /** Folders of which nobody knows what belongs there, because what lists it is lost. */
  readonly unread: ReadonlySet<string>
}

/**
 * Lists what nobody told the store about: neither published, nor waiting in the trash. Looks into the folders of the state, not into others; the root of a store of plain files
 * alone belongs to others as well.
 */
export async function findForeign(paths: DiskPaths, { state, sets, shards, unread }: KnownFiles): Promise<readonly string[]> {
  if (!fs.existsSync(paths.root)) return []
  const known = new Set([...publishedFiles(state), ...shards].map((file) => file.path))
  for (const name of readNames(paths.trash)) for await (const entry of readTrash(join(paths.trash, name))) if (!('object' in entry)) known.add(entry.path)
  const folders = new Set([...known].flatMap(parentsOf))
  for (const set of sets) folders.add(set.subdir)
  const setOf = new Map<string, ArtifactSet>(sets.map((set) => [set.subdir, set]))
  const sharesRoot = sets.length === 0 && state.files.length > 0
  const tops = sharesRoot ? [...folders].filter((folder) => !folder.includes('/') && fs.existsSync(join(paths.root, folder))) : ['']
  return tops.flatMap((top) => [...listForeign(paths.root, top, { known, folders, setOf, unread })]).toSorted()
}

interface Known {
  readonly known: ReadonlySet<string>
  readonly folders: ReadonlySet<string>
  readonly setOf: ReadonlyMap<string, ArtifactSet>
  readonly unread: ReadonlySet<string>
}

function* listForeign(root: string, under: string, known: Known): Generator<string> {
  const folder = fs.opendirSync(join(root, under))
  try {
    for (let entry = folder.readSync(); entry !== null; entry = folder.readSync()) {
      const path = under === '' ? entry.name : `${under}/${entry.name}`
      if (entry.isDirectory()) yield* listFolder(root, path, known)
      else if (!known.unread.has(under) && !known.known.has(path) && known.setOf.get(under)?.find(entry.name) === undefined) yield path
    }
  } finally {
    folder.closeSync()
  }
}

function* listFolder(root: string, path: string, known: Known): Generator<string> {
  if (path.startsWith('.') || path.includes('/.') || (known.unread.has(path) && !known.folders.has(path))) return
  if (known.folders.has(path)) yield* listForeign(root, path, known)
  else if (!leadsToStore(join(root, path))) yield `${path}/`
}

function parentsOf(path: string): readonly string[] {
  const segments = path.split('/')
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'))
}
