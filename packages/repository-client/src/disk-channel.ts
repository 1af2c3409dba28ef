import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, realpathSync } from 'node:fs'
import { createHash, hash as hashOnce } from 'node:crypto'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Artifact, type ChannelUrl, digestHex, digestKind, redactUrl, resolveBaseUrl, resolveSubdirUrl, type SubdirName } from '@mirror/core'
import { decodeIndex } from './decode-index.ts'
import { readError } from './failure.ts'
import { type FetchArtifactOptions, type FetchedArtifact, SMALL_ARTIFACT } from './fetch-artifact.ts'
import { assertFilePath, type FetchFileOptions, LARGEST_FILE } from './fetch-file.ts'
import type { FetchIndexOptions } from './fetch-index.ts'
import { type FetchPageOptions, type FetchPageResult, LARGEST_PAGE } from './fetch-page.ts'
import type { PlainFile } from './fetch-plain.ts'
import { type FetchIndexResult, isWrongContent, presentIndex, unreadable } from './fetched-index.ts'
import type { SpoolOptions } from './spool.ts'
import { LARGEST_SHARD, LARGEST_SHARD_INDEX, readShardedIndex } from './read-sharded-index.ts'
import { BodyTooLarge } from './transport.ts'
import { type IndexValidators, type IndexVariant, variantFile, type WholeVariant } from './variants.ts'

const CHUNK = 65_536
const DISK_ORDER: readonly WholeVariant[] = ['json', 'zst', 'bz2']

/** What reading a channel on disk needs. */
export interface DiskContext {
  readonly channel: ChannelUrl
  readonly spool: SpoolOptions
  readonly maximumIndexBytes: number
}

/** An open file of a channel. */
interface OpenFile extends Disposable {
  readonly path: string
  readonly file: number
  readonly stats: BigIntStats
  readonly size: number
}

/** Reads an index from disk: the plain document where there is one, because it costs no transfer. Validators are size, time and inode of the file. */
export async function readDiskIndex(context: DiskContext, subdir: SubdirName, { validators = {}, signal }: FetchIndexOptions): Promise<FetchIndexResult> {
  const root = rootOf(context.channel)
  for (const variant of DISK_ORDER) {
    signal?.throwIfAborted()
    using opened = openInside(root, join(subdir, variantFile(variant)))
    if (opened === undefined) continue
    const found = validatorsOf(variant, opened.stats)
    if (variant === validators.variant && found.etag === validators.etag) return { status: 'not-modified' }
    return { status: 'fetched', index: await readIndexFile(context, opened, { subdir, variant, validators: found, signal }) }
  }
  return await readDiskShards(context, subdir, { validators, signal })
}

async function readDiskShards(context: DiskContext, subdir: SubdirName, { validators, signal }: { readonly validators: IndexValidators; readonly signal: AbortSignal | undefined }): Promise<FetchIndexResult> {
  const { channel, maximumIndexBytes, spool } = context
  using opened = openInside(rootOf(channel), join(subdir, variantFile('shards')))
  if (opened === undefined) return { status: 'absent' }
  const found = validatorsOf('shards', opened.stats)
  if (validators.variant === 'shards' && validators.etag === found.etag) return { status: 'not-modified' }
  try {
    if (opened.size > LARGEST_SHARD_INDEX) throw new BodyTooLarge()
    const decoded = await readShardedIndex(readExactly(opened, opened.size), {
      subdir, subdirUrl: resolveSubdirUrl(channel, subdir), concurrency: 1, maximumBytes: maximumIndexBytes, spool, signal,
      fetchShard: async (url) => readShardFile(channel, url),
    })
    return { status: 'fetched', index: presentIndex(decoded, 'shards', found) }
  } catch (error) {
    throw isWrongContent(error) ? unreadable(opened.path, error, maximumIndexBytes) : error
  }
}

function readShardFile(channel: ChannelUrl, url: string): Buffer | undefined {
  using opened = openInside(rootOf(channel), pathBelow(channel, url))
  if (opened === undefined) return undefined
  if (opened.size > LARGEST_SHARD) throw new BodyTooLarge()
  return readExactly(opened, opened.size)
}

async function readIndexFile(context: DiskContext, opened: OpenFile, { subdir, variant, validators, signal }: {
  readonly subdir: SubdirName; readonly variant: WholeVariant; readonly validators: IndexValidators; readonly signal: AbortSignal | undefined
}) {
  const { maximumIndexBytes, spool } = context
  try {
    const decoded = await decodeIndex(readChunks(opened, 0, signal), { subdir, variant, gzip: false, maximumBytes: maximumIndexBytes, spool })
    return presentIndex(decoded, variant, validators)
  } catch (error) {
    throw isWrongContent(error) ? unreadable(opened.path, error, maximumIndexBytes) : error
  }
}

function validatorsOf(variant: IndexVariant, { size, mtimeNs, mtimeMs, ino }: BigIntStats): IndexValidators {
  return { variant, etag: `"${size}-${mtimeNs}-${ino}"`, lastModified: new Date(Number(mtimeMs)).toUTCString() }
}

/** Reads an artifact from disk. Throws as over HTTP. */
export async function readDiskArtifact(context: DiskContext, artifact: Artifact, options: FetchArtifactOptions): Promise<FetchedArtifact> {
  const { name, subdir } = artifact
  return readWanted(context.channel, join(folderOf(context, subdir, options.baseUrl), name), { artifact, options })
}

/** Reads another file of which size and digest are known. Throws as over HTTP. */
export async function readDiskPlain({ channel }: DiskContext, file: PlainFile, options: FetchArtifactOptions): Promise<FetchedArtifact> {
  assertFilePath(file.path)
  return readWanted(channel, file.path, { artifact: file, options })
}

/** The size of a file; throws `ARTIFACT_MISSING` where there is none. */
export async function readDiskSize({ channel }: DiskContext, path: string): Promise<number> {
  assertFilePath(path)
  using opened = openWanted(channel, path)
  return opened.size
}

/** Reads the page of a folder, which is its `index.html`. */
export async function readDiskPage({ channel }: DiskContext, folder: string, { validators = {}, maximumBytes = LARGEST_PAGE }: FetchPageOptions): Promise<FetchPageResult> {
  assertFilePath(folder)
  using opened = openInside(rootOf(channel), join(folder, 'index.html'))
  if (opened === undefined) return { status: 'absent' }
  const { etag, lastModified } = validatorsOf('json', opened.stats)
  if (etag !== undefined && etag === validators.etag) return { status: 'not-modified' }
  if (opened.size > maximumBytes) throw readError('BODY_TOO_LARGE', `Cannot read ${opened.path}: it is larger than ${maximumBytes} bytes`, { details: { maximumBytes } })
  return { status: 'fetched', bytes: readExactly(opened, opened.size), validators: { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) } }
}

function openWanted(channel: ChannelUrl, path: string): OpenFile {
  const root = rootOf(channel)
  const opened = openInside(root, path)
  if (opened !== undefined) return opened
  throw readError('ARTIFACT_MISSING', `Cannot read ${join(root, path)}: the index lists it and it is not there`, { hint: 'Wait until the channel is complete, or index it again.' })
}

function readWanted(channel: ChannelUrl, path: string, { artifact, options }: { readonly artifact: Pick<Artifact, 'digest' | 'size'>; readonly options: FetchArtifactOptions }): FetchedArtifact {
  const { offset = 0, verify = true, signal } = options
  const { size } = artifact
  const opened = openWanted(channel, path)
  if (opened.size !== size) {
    opened[Symbol.dispose]()
    throw readError('SIZE_MISMATCH', `Cannot use ${opened.path}: it has ${opened.size} bytes, and the index says ${size}`, {
      hint: 'The file was changed after it was indexed; index the channel again.',
      details: { expected: size, received: opened.size },
    })
  }
  if (size > SMALL_ARTIFACT || offset > 0) return { size, offset, bytes: undefined, body: readLarge(opened, { artifact, offset, verify: verify && offset === 0, signal }) }
  using small = opened
  const bytes = readExactly(small, size)
  if (verify) assertDigest(small.path, artifact, hashOnce(digestKind(artifact.digest), bytes, 'hex'))
  return { size, offset: 0, bytes, body: bodyOf(bytes) }
}

async function* bodyOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

interface LargeOptions {
  readonly artifact: Pick<Artifact, 'digest' | 'size'>
  readonly offset: number
  readonly verify: boolean
  readonly signal: AbortSignal | undefined
}

async function* readLarge(opened: OpenFile, { artifact, offset, verify, signal }: LargeOptions): AsyncGenerator<Uint8Array> {
  using file = opened
  const hasher = verify ? createHash(digestKind(artifact.digest)) : undefined
  for await (const chunk of readChunks(file, offset, signal)) {
    hasher?.update(chunk)
    yield chunk
  }
  if (hasher !== undefined) assertDigest(file.path, artifact, hasher.digest('hex'))
}

/** Reads a file by its path from the channel's root; undefined when it is not there. */
export async function readDiskFile({ channel }: DiskContext, path: string, { maximumBytes = LARGEST_FILE }: FetchFileOptions): Promise<Buffer | undefined> {
  assertFilePath(path)
  using opened = openInside(rootOf(channel), path)
  if (opened === undefined) return undefined
  if (opened.size > maximumBytes) throw readError('BODY_TOO_LARGE', `Cannot read ${opened.path}: it is larger than ${maximumBytes} bytes`, { details: { maximumBytes } })
  return readExactly(opened, opened.size)
}

function rootOf({ url }: ChannelUrl): string {
  return fileURLToPath(url)
}

/** The folder of the artifacts, from the root. A channel on disk keeps them below itself, whatever `info.base_url` says. */
function folderOf({ channel }: DiskContext, subdir: SubdirName, baseUrl: string | undefined): string {
  if (baseUrl === undefined) return subdir
  return pathBelow(channel, resolveBaseUrl(resolveSubdirUrl(channel, subdir), baseUrl))
}

/** The path of a URL, from the root. */
function pathBelow(channel: ChannelUrl, url: string): string {
  const home = `${channel.url}/`
  if (url.startsWith(home)) return decodeURIComponent(url.slice(home.length))
  throw readError('REDIRECT_REFUSED', `Cannot follow ${channel.url} to ${redactUrl(url)}: a channel on disk keeps everything below itself`, {
    hint: 'Mirror the channel that its index names instead.',
  })
}

/** Opens a plain file inside of the root; undefined when it is not there. Throws `FILE_REFUSED` for links that lead out and for anything but plain files. */
function openInside(root: string, relative: string): OpenFile | undefined {
  const wanted = join(root, relative)
  const path = realPath(wanted)
  if (path === undefined) return undefined
  const realRoot = realPath(root) ?? root
  if (!path.startsWith(realRoot.endsWith(sep) ? realRoot : `${realRoot}${sep}`)) throw refused(wanted, 'it leads out of the channel')
  return openPlain(path)
}

function openPlain(path: string): OpenFile {
  // Non-blocking, so that a pipe does not stop us; no last link, so that what was resolved is what is opened.
  const file = onDisk(path, () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK))
  const stats = fstatSync(file, { bigint: true })
  if (!stats.isFile()) {
    closeSync(file)
    throw refused(path, 'it is not a plain file')
  }
  return { path, file, stats, size: Number(stats.size), [Symbol.dispose]: () => closeSync(file) }
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined
    throw refused(path, `the system said ${codeOf(error)}`)
  }
}

function onDisk<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    throw refused(path, `the system said ${codeOf(error)}`)
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'nothing'
}

function refused(path: string, what: string): Error {
  return readError('FILE_REFUSED', `Cannot read ${path}: ${what}`, { hint: 'A channel on disk is plain, readable files below one folder.' })
}

async function* readChunks(opened: OpenFile, offset: number, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  for (let position = offset; position < opened.size;) {
    signal?.throwIfAborted()
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK, opened.size - position))
    const count = onDisk(opened.path, () => readSync(opened.file, chunk, 0, chunk.length, position))
    if (count === 0) throw readError('SIZE_MISMATCH', `Cannot read ${opened.path}: it became shorter while it was read`)
    position += count
    yield chunk.subarray(0, count)
  }
}

function readExactly(opened: OpenFile, size: number): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  for (let done = 0; done < size;) {
    const count = onDisk(opened.path, () => readSync(opened.file, bytes, done, size - done, done))
    if (count === 0) throw readError('SIZE_MISMATCH', `Cannot read ${opened.path}: it became shorter while it was read`)
    done += count
  }
  return bytes
}

function assertDigest(path: string, { digest }: Pick<Artifact, 'digest'>, hex: string): void {
  if (hex === digestHex(digest)) return
  throw readError('DIGEST_MISMATCH', `Cannot use ${path}: its ${digestKind(digest)} is not what the index says`, {
    hint: 'The file was changed after it was indexed; index the channel again.',
    details: { expected: digestHex(digest), received: hex },
  })
}
