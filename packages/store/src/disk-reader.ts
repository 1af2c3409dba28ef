import fs from 'node:fs'
import { join } from 'node:path'
import { type Artifact, type ArtifactSet, createDigest, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { ByteRange, Opened, StoreReader } from './contract.ts'
import type { DiskPaths } from './disk-paths.ts'
import { objectName, parseShardPath } from './disk-paths.ts'
import { hasErrno } from './disk-io.ts'
import { documentPath } from './documents.ts'
import { type KeptDocument, type Manifest, readManifest } from './generation-file.ts'
import type { FileIdentity } from './hash-file.ts'
import { fileMark, formatMark, isUntouched, publishedFiles, readPublished } from './public-state.ts'
import { readAtPace } from './read-at-pace.ts'
import { storeError } from './store-error.ts'
import { decodePieces } from './zstd-files.ts'

/** What a reader of one generation works with. */
interface Reading {
  readonly paths: DiskPaths
  readonly manifest: Manifest
  readonly kept: ReadonlyMap<string, KeptDocument>
  /** Index files and plain files by their paths. */
  readonly files: ReadonlyMap<string, PublishedFile>
}

/** Reads a generation that lies on disk. Takes no lock and writes nothing. */
export function createDiskReader(paths: DiskPaths, manifest: Manifest): StoreReader {
  const { generation, documents } = manifest
  const reading: Reading = {
    paths,
    manifest,
    kept: new Map(documents.map((document) => [document.sha256, document])),
    files: new Map(publishedFiles(generation.state).map((file) => [file.path, file])),
  }
  return {
    generation,
    openFile: async (path, range) => openFile(reading, path, range),
    async openArtifact(artifact: Artifact, range) {
      return openNamed(reading, { path: `${artifact.subdir}/${artifact.name}`, digest: artifact.digest, size: artifact.size }, range) ?? whenGone(reading, () => ({ status: 'absent' }))
    },
    readArtifacts: (subdir) => readArtifacts(reading, subdir),
  }
}

function openFile(reading: Reading, path: string, range: ByteRange | undefined): Opened {
  const { paths, files, manifest: { generation } } = reading
  const file = files.get(path)
  if (file === undefined) return openShard(reading, path, range)
  if (generation.state.files.includes(file)) {
    return openNamed(reading, { path, digest: createDigest('sha256', file.sha256), size: file.size }, range) ?? whenGone(reading, () => ({ status: 'absent' }))
  }
  const opened = isUntouched({ paths }, file, readPublished({ paths }))
    ? openUnchanged(paths.public(path), file.size, { range, otherwise: () => openKept(reading, file, range) })
    : undefined
  return opened ?? openKept(reading, file, range) ?? whenGone(reading, () => {
    throw storeError('STORE_DAMAGED', `Cannot read ${path} of generation ${generation.number}: its copy is gone`, { hint: 'Sync again: the store is verified and repaired.' })
  })
}

/** Bytes that are gone: the generation was dropped, or someone deleted them. */
function whenGone({ paths, manifest }: Reading, otherwise: () => Opened): Opened {
  return readManifest(paths, manifest.generation.number) === undefined ? { status: 'gone' } : otherwise()
}

/** Shards are named by their digest, so that any file of that name is the right one. */
function openShard(reading: Reading, path: string, range: ByteRange | undefined): Opened {
  const shard = parseShardPath(path)
  if (shard === undefined || !reading.files.has(`${shard.subdir}/repodata_shards.msgpack.zst`)) return { status: 'absent' }
  const file = reading.paths.public(path)
  const size = fs.lstatSync(file, { throwIfNoEntry: false })?.size
  return (size === undefined ? undefined : openUnchanged(file, size, { range })) ?? whenGone(reading, () => ({ status: 'absent' }))
}

/** The store's own copy of an index file. */
function openKept({ paths, kept }: Reading, { sha256, size }: PublishedFile, range: ByteRange | undefined): Opened | undefined {
  const document = kept.get(sha256)
  if (document === undefined || !fs.existsSync(documentPath({ paths }, document))) return undefined
  const path = documentPath({ paths }, document)
  if (document.encoding === 'identity') return openUnchanged(path, size, { range })
  const { start, end } = clampRange(range, size)
  return { status: 'found', size, body: cut(decodePieces(path), start, end) }
}

/**
 * The bytes of an identity: those that were set aside for it, else those under its public name. A swap sets aside before it replaces, so that marking the
 * public file first and looking among the set-aside ones second finds the bytes whenever it happens; also when it happens before the first byte is read.
 */
function openNamed({ paths }: Reading, { path, digest, size }: FileIdentity & { readonly path: string }, range: ByteRange | undefined): Opened | undefined {
  const openAside = (): Opened | undefined => openUnchanged(join(paths.objects, objectName(digest)), size, { range })
  const opened = openUnchanged(paths.public(path), size, { range, otherwise: openAside })
  return openAside() ?? opened
}

async function readArtifacts(reading: Reading, subdir: SubdirName): Promise<ArtifactSet> {
  const { state, number } = reading.manifest.generation
  const found = state.subdirs.find((candidate) => candidate.subdir === subdir)
  // What reads indexes is most of what a reader would have to load, and most readers read none.
  const { listNothing, readListed } = await import('./read-listed.ts')
  if (found === undefined) return listNothing(subdir)
  const opened = openFile(reading, found.document.path, undefined)
  if (opened.status === 'found') return readListed(subdir, opened.body)
  throw storeError('STORE_DAMAGED', `Cannot read what generation ${number} lists in ${subdir}: it is no longer kept`)
}

interface OpenOptions {
  readonly range: ByteRange | undefined
  /** Where the bytes are if this file is replaced before it is read. */
  readonly otherwise?: () => Opened | undefined
}

/** Opens a regular file of that size when its first byte is asked for, unless it is another file by then. */
function openUnchanged(path: string, size: number, { range, otherwise }: OpenOptions): Opened | undefined {
  const mark = fileMark(path)
  if (mark === undefined || !mark.startsWith(`file:${size}:`)) return undefined
  return { status: 'found', size, body: readUnchanged(path, { mark, range: clampRange(range, size), otherwise }) }
}

interface ReadOptions {
  readonly mark: string
  readonly range: ByteRange
  readonly otherwise: OpenOptions['otherwise'] | undefined
}

async function* readUnchanged(path: string, { mark, range, otherwise }: ReadOptions): AsyncGenerator<Uint8Array> {
  const handle = await openMarked(path, mark)
  if (handle === undefined) {
    const opened = otherwise?.()
    if (opened?.status !== 'found') throw replaced(path)
    yield* opened.body
    return
  }
  try {
    let sent = 0
    for await (const piece of readAtPace(handle, range)) {
      sent += piece.length
      yield piece
    }
    if (sent < range.end - range.start) throw replaced(path)
  } finally {
    await handle.close()
  }
}

/** Opens the very file that was marked; undefined when another one, or none, has the name. */
async function openMarked(path: string, mark: string): Promise<fs.promises.FileHandle | undefined> {
  try {
    const handle = await fs.promises.open(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW)
    const stat = await handle.stat({ bigint: true })
    if (formatMark(stat) === mark) return handle
    await handle.close()
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ELOOP')) throw error
  }
  return undefined
}

function replaced(path: string): Error {
  return storeError('STORE_DAMAGED', `Cannot read ${JSON.stringify(path)}: it was replaced while it was being read`, { hint: 'Open it again.' })
}

function clampRange(range: ByteRange | undefined, size: number): ByteRange {
  const start = Math.min(Math.max(0, range?.start ?? 0), size)
  return { start, end: Math.max(start, Math.min(range?.end ?? size, size)) }
}

async function* cut(pieces: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const piece of pieces) {
    const from = Math.max(0, start - position)
    const to = Math.min(piece.length, end - position)
    if (to > from) yield piece.subarray(from, to)
    position += piece.length
    if (position >= end) return
  }
}
