import { createHash } from 'node:crypto'
import fs from 'node:fs'
import {
  type ArtifactBytes, type ArtifactSet, createArtifactCursor, createArtifactSetBuilder, createDigest, type Digest, isArtifactName, isJsonObject, isMd5, isMirrorError, isSha256, isSubdirName,
  type Sha256, type SubdirName,
} from '@mirror/core'
import { readKnownState } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { hasErrno } from '../files/open-file.ts'
import type { FoundChannel } from '../tree/read-tree.ts'
import { fingerprintRecord } from '../tree/read-subdir.ts'
import { ByteWindow } from './byte-window.ts'
import { type CompatibleReference, findFolders, isCompatible, type ListedArtifacts, readFolderAt, walkFolder } from './read-compatible.ts'
import type { Reference, ReferenceChannel, ReferenceSubdir } from './reference.ts'
import { META_KEY, REFERENCE_FORMAT, REFERENCE_KIND } from './write-reference.ts'

/**
 * Reads a reference of any kind: compact, compatible, or of the old conda-diff-tar. The folders of the last are found by their ends among the channels of the mirror as it lies now. Throws `REFERENCE_NOT_FOUND`
 * or `REFERENCE_INVALID`.
 */
export function readReference(path: string, channels: readonly FoundChannel[]): Reference {
  return naming(path, () => {
    using window = openReference(path)
    if (isCompact(window)) return readCompact(window, path)
    const found = isCompatible(window) ? findFolders(window, subdirsByKey) : undefined
    if (found !== undefined) return readCompatible(asObject(parse(found.meta)), createFolderReader(path, found))
    return readObject(parse(fs.readFileSync(path, 'utf8')), channels)
  })
}

/** Whatever is wrong with a reference is told with its name. */
function naming<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isMirrorError(error) && error.code !== 'DELTA_MALFORMED') throw error
    if (error instanceof Invalid || isMirrorError(error)) throw invalid(path, error instanceof Invalid ? error.message : 'one of its states is not consistent', error)
    throw error
  }
}

/** What is wrong with a reference, before it has a name. */
class Invalid extends Error {}

function invalid(path: string, what: string, cause: unknown): Error {
  return difftarError('REFERENCE_INVALID', `Cannot read the reference ${path}: ${what}`, { hint: 'Make a new one with --reference.', cause })
}

function openReference(path: string): ByteWindow {
  try {
    return new ByteWindow(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw difftarError('REFERENCE_NOT_FOUND', `Error: no such file: ${path}`, { hint: 'Please use the --reference option before creating a differential tarball.', cause: error })
  }
}

function isCompact(window: ByteWindow): boolean {
  return window.has(`{"kind":"${REFERENCE_KIND}"`)
}

/** What the members of a compatible reference stand for; undefined where they do not say, and what is wrong is found when all of it is read. */
function subdirsByKey(meta: string): ReadonlyMap<string, SubdirName> | undefined {
  try {
    const values = asList(asObject(parse(meta))['channels']).flatMap((channel) => asList(asObject(channel)['subdirs'])).map((value) => asObject(value))
    return new Map(values.map(({ key, subdir }) => [asFolder(key), asSubdirName(subdir)]))
  } catch (error) {
    if (error instanceof Invalid) return undefined
    throw error
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Invalid('it is not JSON')
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (isJsonObject(value)) return value
  throw new Invalid('something in it is not an object')
}

function asList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new Invalid('something in it is not a list')
}

function asCount(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Invalid('something in it is not a whole number')
}

function asSubdirName(value: unknown): SubdirName {
  if (typeof value === 'string' && isSubdirName(value)) return value
  throw new Invalid('something in it is not a subdir')
}

function asFolder(value: unknown): string {
  if (typeof value === 'string') return value
  throw new Invalid('a channel has no folder')
}

function asShards(value: unknown): ReadonlySet<Sha256> {
  return new Set(asList(value).map((sha256) => {
    if (typeof sha256 === 'string' && isSha256(sha256)) return sha256
    throw new Invalid('a shard is no sha256')
  }))
}

function readFormat(value: unknown): void {
  if (value !== REFERENCE_FORMAT) throw new Invalid(`it is of format ${JSON.stringify(value)}, and this tool reads ${REFERENCE_FORMAT}`)
}

type Subdirs = Map<string, Map<SubdirName, ReferenceSubdir>>

function readCompact(window: ByteWindow, path: string): Reference {
  const header = asObject(parse(readLine(window)))
  readFormat(header['format'])
  assertSealed(path)
  const subdirs: Subdirs = new Map()
  for (;;) {
    const value = asObject(parse(readLine(window)))
    if (value['seal'] !== undefined) break
    const subdir = asSubdirName(value['subdir'])
    add(subdirs, { folder: asFolder(value['channel']), subdir, described: { ...readArtifacts(subdir, asCount(value['artifacts']), window), shards: asShards(value['shards']), records: undefined } })
  }
  return { sequence: asCount(header['sequence']), channels: asList(header['channels']).map((channel) => readChannel(channel, subdirs)) }
}

function readLine(window: ByteWindow): string {
  if (window.isAtEnd()) throw new Invalid('it ends before its end')
  return window.readLine()
}

const SEAL = /^\{"seal":"([0-9a-f]{64})"\}\n$/
const SEAL_BYTES = 76

/** The last line is the sha256 of all before. */
function assertSealed(path: string): void {
  const fd = fs.openSync(path, 'r')
  try {
    const length = fs.fstatSync(fd).size - SEAL_BYTES
    const last = Buffer.alloc(SEAL_BYTES)
    fs.readSync(fd, last, 0, SEAL_BYTES, Math.max(0, length))
    const hash = createHash('sha256')
    const piece = Buffer.allocUnsafe(256 * 1024)
    for (let at = 0; at < length;) {
      const count = fs.readSync(fd, piece, 0, Math.min(piece.length, length - at), at)
      if (count === 0) break
      hash.update(piece.subarray(0, count))
      at += count
    }
    if (SEAL.exec(last.toString('latin1'))?.[1] !== hash.digest('hex')) throw new Invalid('it is damaged: its seal does not fit')
  } finally {
    fs.closeSync(fd)
  }
}

const KINDS = [{ text: ',"sha256:', digits: 64, isMd5: false }, { text: ',"md5:', digits: 32, isMd5: true }] as const

function readArtifacts(subdir: SubdirName, count: number, window: ByteWindow): ListedArtifacts {
  const builder = createArtifactSetBuilder(subdir)
  let isWeak = false
  for (let number = 0; number < count; number += 1) {
    window.hold()
    const artifact = readArtifact(window)
    if (artifact === undefined || !builder.addBytes(artifact)) throw new Invalid('an artifact in it is none')
    isWeak ||= artifact.isMd5
  }
  return { artifacts: builder.build(), isWeak }
}

/** A line of an artifact; undefined for another one. */
function readArtifact(window: ByteWindow): ArtifactBytes | undefined {
  if (!window.skip('["')) return undefined
  const nameStart = window.at
  const nameEnd = window.findQuote()
  if (nameEnd < 0 || !window.skip('",')) return undefined
  const size = asCount(window.readNumber())
  const kind = KINDS.find(({ text }) => window.skip(text))
  const hexStart = window.at
  window.move(kind?.digits ?? 0)
  return kind !== undefined && window.skip('"]\n') ? { bytes: window.bytes, nameStart, nameEnd, hexStart, isMd5: kind.isMd5, size } : undefined
}

function hasMd5(artifacts: ArtifactSet): boolean {
  for (const artifact = createArtifactCursor(artifacts); artifact.next();) if (artifact.isMd5) return true
  return false
}

function noFolder(): never {
  throw new Invalid('a folder is missing in it')
}

function add(subdirs: Subdirs, { folder, subdir, described }: { readonly folder: string; readonly subdir: SubdirName; readonly described: ReferenceSubdir }): void {
  const channel = subdirs.get(folder) ?? new Map<SubdirName, ReferenceSubdir>()
  channel.set(subdir, described)
  subdirs.set(folder, channel)
}

function readChannel(value: unknown, subdirs: Subdirs): ReferenceChannel {
  const channel = asObject(value)
  const folder = asFolder(channel['folder'])
  return { folder, known: readKnownState(channel), subdirs: subdirs.get(folder) ?? new Map() }
}

function readObject(value: unknown, channels: readonly FoundChannel[]): Reference {
  const document = asObject(value)
  const meta = document[META_KEY]
  if (meta === undefined) return readOld(document, channels)
  return readCompatible(asObject(meta), (key, subdir) => listRecords(subdir, asObject(document[key])))
}

type RecordsOf = (key: string, subdir: SubdirName, weak: unknown) => Pick<ReferenceSubdir, 'artifacts' | 'isWeak' | 'walk'>

/** Reads the records of a folder when they are asked for. One that is not as we write it is read as any other JSON. */
function createFolderReader(path: string, { folders }: CompatibleReference): RecordsOf {
  let document: Readonly<Record<string, unknown>> | undefined
  const readPlain = (key: string, subdir: SubdirName): ListedArtifacts => {
    document ??= naming(path, () => asObject(parse(fs.readFileSync(path, 'utf8'))))
    const records = document[key]
    return naming(path, () => listRecords(subdir, asObject(records)))
  }
  return (key, subdir, weak) => {
    const place = folders.get(key)
    if (place === undefined) return noFolder()
    let listed: ListedArtifacts | undefined
    const read = (): ListedArtifacts => (listed ??= readFolderAt(path, place) ?? readPlain(key, subdir))
    return { isWeak: typeof weak === 'number' ? weak > 0 : read().isWeak, walk: () => walkFolder(path, place), get artifacts() { return read().artifacts } }
  }
}

function listRecords(subdir: SubdirName, records: Readonly<Record<string, unknown>>): ListedArtifacts {
  const artifacts = readRecords(subdir, records)
  return { artifacts, isWeak: hasMd5(artifacts) }
}

function readCompatible(meta: Readonly<Record<string, unknown>>, recordsOf: RecordsOf): Reference {
  readFormat(meta['format'])
  const subdirs: Subdirs = new Map()
  for (const channel of asList(meta['channels']).map((value) => asObject(value))) {
    for (const value of asList(channel['subdirs']).map((one) => asObject(one))) {
      const subdir = asSubdirName(value['subdir'])
      const listed = recordsOf(asFolder(value['key']), subdir, value['weak'])
      add(subdirs, { folder: asFolder(channel['folder']), subdir, described: { get artifacts() { return listed.artifacts }, walk: listed.walk, isWeak: listed.isWeak, shards: asShards(value['shards']), records: undefined } })
    }
  }
  return { sequence: asCount(meta['sequence']), channels: asList(meta['channels']).map((channel) => readChannel(channel, subdirs)) }
}

/** Records with whatever digest they have; those without one, or with a name that is none, are as if they were not there, so that they travel again. */
function readRecords(subdir: SubdirName, records: Readonly<Record<string, unknown>>): ArtifactSet {
  const builder = createArtifactSetBuilder(subdir)
  for (const [name, record] of Object.entries(records)) {
    const digest = isJsonObject(record) ? digestOf(record) : undefined
    const size = isJsonObject(record) && typeof record['size'] === 'number' && Number.isSafeInteger(record['size']) ? record['size'] : 0
    if (digest !== undefined && isArtifactName(name)) builder.add({ name, size: Math.max(0, size), digest })
  }
  return builder.build()
}

function digestOf({ sha256, md5 }: Readonly<Record<string, unknown>>): Digest | undefined {
  if (typeof sha256 === 'string' && isSha256(sha256)) return createDigest('sha256', sha256)
  return typeof md5 === 'string' && isMd5(md5) ? createDigest('md5', md5) : undefined
}

/** A reference of the old conda-diff-tar: absolute folders of the machine where it ran, and the records of `packages`. */
function readOld(document: Readonly<Record<string, unknown>>, channels: readonly FoundChannel[]): Reference {
  const subdirs: Subdirs = new Map()
  for (const [key, value] of Object.entries(document)) {
    const place = findPlace(key, channels)
    if (place === undefined) continue
    const records = asObject(value)
    const fingerprints = new Map(Object.entries(records).map(([name, record]) => [name, fingerprintRecord(record)]))
    add(subdirs, { ...place, described: { artifacts: readRecords(place.subdir, records), isWeak: true, shards: new Set(), records: fingerprints } })
  }
  return { sequence: 0, channels: [...subdirs].map(([folder, ofChannel]) => ({ folder, known: undefined, subdirs: ofChannel })) }
}

/** The channel and subdir that an absolute folder of another time or machine stands for: the longest path from the mirror that it ends in. */
function findPlace(key: string, channels: readonly FoundChannel[]): { readonly folder: string; readonly subdir: SubdirName } | undefined {
  const places = channels.flatMap(({ folder, subdirs }) => subdirs.map((subdir) => ({ folder, subdir, end: folder === '' ? `/${subdir}` : `/${folder}/${subdir}` })))
  const fitting = places.filter(({ end }) => key.replaceAll('\\', '/').endsWith(end)).toSorted((left, right) => right.end.length - left.end.length)
  return fitting[0]
}
