import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { type Artifact, type ArtifactSet, createIndexTableBuilder, digestHex, isArtifactName, isMirrorError, isSubdirName, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import { createDiskStore, type DiskStore, type Opened, type StoreReader } from '@mirror/store'
import { findDiskFile } from './disk-file.ts'
import { FileReplaced, type FoundFile } from './found-file.ts'

/** Where a channel lies. */
export interface ChannelPlace {
  /** The mirror's folder, a real path. */
  readonly root: string
  /** The channel's folder below it; empty for the mirror's own, where installers lie. */
  readonly folder: string
}

/** A channel's folder as it is to be shown now. */
export interface ChannelView {
  /** The generation whose indexes are shown; undefined where the disk is the truth: no store, or one whose public files somebody changed. */
  readonly reader: StoreReader | undefined
  /** A file by its path from the channel's folder. */
  readonly find: (path: string) => Promise<FoundFile | undefined>
}

/**
 * Looks at a channel's folder. Where a store of ours lies there and its public files are those that it published, index files and shards come from its newest generation, so that all of
 * them switch at once; everything else, and everything where somebody changed the files, comes from the disk. Damaged stores and stores of a later version are no reason not to serve files.
 */
export async function viewChannel(place: ChannelPlace): Promise<ChannelView> {
  const reader = await openReader(place)
  if (reader === undefined) return { reader, find: createDiskFinder(place, listFromDisk(place)) }
  const kept = findPublished(reader)
  const onDisk = createDiskFinder(place, listGeneration(reader))
  return { reader, find: async (path) => await kept(path) ?? await onDisk(path) }
}

async function openReader({ root, folder }: ChannelPlace): Promise<StoreReader | undefined> {
  try {
    const store = createDiskStore({ root: join(root, folder) })
    const reader = await store.read()
    return reader !== undefined && !await isChanged(store, reader) ? reader : undefined
  } catch (error) {
    if (isMirrorError(error)) return undefined
    throw error
  }
}

/**
 * Whether somebody else changed what the store published. A commit that begins just behind the look for one looks the same; but then a second look sees it, or, when it is over, another
 * head.
 */
async function isChanged(store: DiskStore, reader: StoreReader): Promise<boolean> {
  if ((await store.publicState()).status !== 'changed') return false
  return (await store.publicState()).status === 'changed' && (await store.head())?.number === reader.generation.number
}

/** A generation that was kept: nothing but what it published and what it lists. */
export function viewKept(reader: StoreReader): ChannelView {
  const published = findPublished(reader)
  const listed = createListings(listGeneration(reader))
  const modified = Date.parse(reader.generation.created)
  return {
    reader,
    async find(path) {
      const artifact = await listed(path)
      return artifact === undefined ? await published(path) : presentArtifact(reader, artifact, modified)
    },
  }
}

/** Index files, shards and plain files of a generation. */
function findPublished(reader: StoreReader): ChannelView['find'] {
  const { state, created } = reader.generation
  const modified = Date.parse(created)
  const published = new Map([...state.subdirs.flatMap(({ document, variants }) => [document, ...variants]), ...state.files].map((file) => [file.path, file]))
  return async (path) => {
    const file = published.get(path)
    return file === undefined ? await findShard(reader, path, modified) : presentPublished(reader, file, modified)
  }
}

function presentPublished(reader: StoreReader, { path, sha256, size }: PublishedFile, modified: number): FoundFile {
  return { name: nameOf(path), size, etag: sha256.slice(0, 32), modified, freshness: 'index', mark: markOf(reader), read: (range) => readOpened(() => reader.openFile(path, range)) }
}

function presentArtifact(reader: StoreReader, artifact: Artifact, modified: number): FoundFile {
  const { name, size, digest } = artifact
  return { name, size, etag: digestHex(digest).slice(0, 32), modified, freshness: 'immutable', mark: markOf(reader), read: (range) => readOpened(() => reader.openArtifact(artifact, range)) }
}

const SHARD = /^[^/]+\/shards\/(?<sha256>[0-9a-f]{64})\.msgpack\.zst$/

async function findShard(reader: StoreReader, path: string, modified: number): Promise<FoundFile | undefined> {
  const sha256 = SHARD.exec(path)?.groups?.['sha256']
  const opened = sha256 === undefined ? undefined : await reader.openFile(path)
  if (sha256 === undefined || opened?.status !== 'found') return undefined
  return { name: nameOf(path), size: opened.size, etag: sha256.slice(0, 32), modified, freshness: 'immutable', mark: markOf(reader), read: (range) => readOpened(() => reader.openFile(path, range)) }
}

async function* readOpened(open: () => Promise<Opened>): AsyncGenerator<Uint8Array> {
  const opened = await open()
  if (opened.status !== 'found') throw new FileReplaced(opened.status)
  yield* opened.body
}

/** Of another generation, the same bytes are read in another place. */
function markOf({ generation }: StoreReader): string {
  return `${generation.number} ${generation.id}`
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** What a subdir lists, and what tells whether that has changed. Undefined where it lists nothing. */
type DescribeListing = (subdir: SubdirName) => Promise<{ readonly version: string; readonly read: () => Promise<ArtifactSet> } | undefined>

/** The artifact that a path names, if its subdir lists it. What a subdir lists is read once for each version of it. */
function createListings(describe: DescribeListing): (path: string) => Promise<Artifact | undefined> {
  const known = new Map<string, { readonly version: string; readonly listing: Promise<ArtifactSet | undefined> }>()
  return async (path) => {
    const [subdir = '', name = '', ...others] = path.split('/')
    if (others.length > 0 || !isSubdirName(subdir) || !isArtifactName(name)) return undefined
    return (await list(subdir))?.find(name)
  }

  async function list(subdir: SubdirName): Promise<ArtifactSet | undefined> {
    const described = await describe(subdir)
    if (described === undefined) return undefined
    const before = known.get(subdir)
    if (before?.version === described.version) return await before.listing
    // An index that cannot be read lists nothing: its artifacts are served all the same, and it is read again for the next one.
    const listing = described.read().catch(() => {
      known.delete(subdir)
      return undefined
    })
    known.set(subdir, { version: described.version, listing })
    return await listing
  }
}

function listGeneration(reader: StoreReader): DescribeListing {
  return async (subdir) => ({ version: '', read: async () => await reader.readArtifacts(subdir) })
}

/** Files as they lie there. An artifact that is listed with its size gets its tag from its digest, so that every copy of the mirror tells the same one. */
function createDiskFinder({ root, folder }: ChannelPlace, describe: DescribeListing): ChannelView['find'] {
  const listed = createListings(describe)
  return async (path) => {
    const isArtifact = isArtifactName(nameOf(path))
    const found = await findDiskFile(root, join(folder, path), isArtifact ? 'immutable' : 'index')
    if (found === undefined) return undefined
    if (!isArtifact) return found.size <= SMALL ? await tagByContent(found) : found
    const artifact = await listed(path)
    return artifact?.size === found.size ? { ...found, etag: digestHex(artifact.digest).slice(0, 32) } : found
  }
}

const SMALL = 1_048_576

async function tagByContent(found: FoundFile): Promise<FoundFile> {
  const hash = createHash('sha256')
  for await (const piece of found.read({ start: 0, end: found.size })) hash.update(piece)
  return { ...found, etag: hash.digest('hex').slice(0, 32) }
}

function listFromDisk({ root, folder }: ChannelPlace): DescribeListing {
  return async (subdir) => {
    const found = await findDiskFile(root, join(folder, subdir, 'repodata.json'), 'index')
    return found === undefined ? undefined : { version: found.etag, read: async () => await readListing(subdir, found) }
  }
}

async function readListing(subdir: SubdirName, found: FoundFile): Promise<ArtifactSet> {
  const builder = createIndexTableBuilder(subdir)
  for await (const piece of found.read({ start: 0, end: found.size })) builder.write(piece)
  return builder.end().artifacts()
}
