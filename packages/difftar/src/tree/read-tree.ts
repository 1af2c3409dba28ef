import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isSafeRelativeFolder, type SubdirName } from '@mirror/core'
import { type ChannelState, type KnownState, type PublishedFile, stateId, type SubdirState } from '@mirror/delta'
import { createDiskStore } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import { asSubdir, describeFile, readSubdir, type ReadSubdirOptions, type TreeIndex } from './read-subdir.ts'
import { readVariants, type TreeVariants } from './read-variants.ts'

/** What is told about a tree while it is read. */
export interface TreeWarning {
  readonly type: 'tree-warning'
  /** Relative to the mirror. */
  readonly path: string
  readonly message: string
  /** Something that a client might read is wrong. */
  readonly isWrong: boolean
}

/** A channel that was found in a mirror. */
export interface FoundChannel {
  /** From the mirror; empty for the mirror itself. */
  readonly folder: string
  /** The folder, absolute. */
  readonly root: string
  /** Sorted. */
  readonly subdirs: readonly SubdirName[]
}

const DEPTH = 8

/**
 * Finds the channels of a mirror: folders that have a folder with a `repodata.json` in it. Dot-folders are not looked into, links to folders not followed. Throws `TREE_NOT_FOUND` when there is no such folder.
 */
export function findChannels(mirror: string, observe: (warning: TreeWarning) => void): readonly FoundChannel[] {
  const root = resolve(mirror)
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory() !== true) throw difftarError('TREE_NOT_FOUND', `No such directory: '${root}'`, { hint: 'Name the folder of the mirror.' })
  const found: FoundChannel[] = []
  search('', 0)
  return found.toSorted((left, right) => (left.folder < right.folder ? -1 : 1))

  function search(folder: string, depth: number): void {
    const here = join(root, folder)
    const names = readdirSync(here, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name).toSorted()
    const indexed = names.filter((name) => statSync(join(here, name, 'repodata.json'), { throwIfNoEntry: false })?.isFile() === true)
    const subdirs = indexed.map((name) => asSubdir(name)).filter((subdir) => subdir !== undefined)
    for (const name of indexed) if (asSubdir(name) === undefined) observe({ type: 'tree-warning', path: join(folder, name), message: 'left out: its name is not that of a platform', isWrong: false })
    if (subdirs.length > 0) {
      if (folder === '' || isSafeRelativeFolder(folder)) found.push({ folder, root: here, subdirs })
      else observe({ type: 'tree-warning', path: folder, message: 'left out: its name cannot be that of a channel', isWrong: false })
    }
    if (depth === DEPTH) return
    for (const name of names) if (!indexed.includes(name)) search(folder === '' ? name : `${folder}/${name}`, depth + 1)
  }
}

/** A channel as it lies on disk. */
export interface TreeChannel extends FoundChannel {
  readonly current: KnownState
  readonly indexes: readonly TreeIndex[]
  /** Shards by subdir. */
  readonly shards: ReadonlyMap<SubdirName, readonly PublishedFile[]>
  /** The store's generation, where it is one and nobody changed the files since; else 0. */
  readonly generation: number
}

/** Options of `readChannel`. */
export interface ReadChannelOptions extends Omit<ReadSubdirOptions, 'root'> {
  readonly observe: (warning: TreeWarning) => void
  /** Paths of plain files that count beside the usual ones. */
  readonly files?: readonly string[] | undefined
}

/** Plain files of a channel that travel. */
const PLAIN_FILES: readonly string[] = ['channeldata.json', 'notices.json', 'terms.json']

/** Reads the state of a channel: its indexes, what is derived from them, and its plain files. Artifacts are not looked at. */
export async function readChannel(found: FoundChannel, options: ReadChannelOptions): Promise<TreeChannel> {
  const { root, folder } = found
  const published = await readPublished(root)
  const indexes: TreeIndex[] = []
  const states: SubdirState[] = []
  const shards = new Map<SubdirName, readonly PublishedFile[]>()
  for (const subdir of found.subdirs) {
    const index = await readSubdir(subdir, { root, signal: options.signal, md5: options.md5, records: options.records })
    if (index === undefined) continue
    const derived = await readVariants(root, subdir, index.document)
    warnOf(derived, folder, options)
    indexes.push(index)
    shards.set(subdir, derived.shards)
    states.push(published?.state.subdirs.find((state) => state.subdir === subdir) ?? stateOf(index, derived.variants))
  }
  const state: ChannelState = { subdirs: states, files: published?.state.files ?? await readPlainFiles(root, options.files) }
  return { ...found, current: { id: stateId(state), state }, indexes, shards, generation: published?.generation ?? 0 }
}

function warnOf({ stale }: TreeVariants, folder: string, { observe }: ReadChannelOptions): void {
  for (const { path, reason, isWrong } of stale) observe({ type: 'tree-warning', path: join(folder, path), message: `left out: ${reason}`, isWrong })
}

function stateOf({ subdir, document, artifacts: { count, bytes } }: TreeIndex, variants: readonly PublishedFile[]): SubdirState {
  return { subdir, document, variants, artifacts: { count, bytes } }
}

/** The state that a store published, if this is one and its files are untouched. */
export async function readPublished(root: string): Promise<{ readonly state: ChannelState; readonly generation: number } | undefined> {
  const store = createDiskStore({ root })
  const head = await store.head()
  if (head === undefined || (await store.publicState()).status !== 'as-published') return undefined
  return { state: head.state, generation: head.number }
}

/** The plain files of a channel that travel, and those that are named. */
export async function readPlainFiles(root: string, more: readonly string[] = []): Promise<readonly PublishedFile[]> {
  const files: PublishedFile[] = []
  for (const name of [...new Set([...PLAIN_FILES, ...more])].toSorted()) {
    const file = await describeFile(root, name)
    if (file !== undefined) files.push(file)
  }
  return files
}
