import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type ArtifactSet, createArtifactSetBuilder, createDigest, type Digest, isArtifactName, isDigest, isMd5, isMirrorError, isSha256, isSubdirName, type Sha256, type SubdirName,
} from '@mirror/core'
import { readKnownState } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { hasErrno } from '../files/open-file.ts'
import type { FoundChannel } from '../tree/read-tree.ts'
import { fingerprintRecord } from '../tree/read-subdir.ts'
import { isCompatible, readCompatibleLines } from './read-compatible.ts'
import type { Reference, ReferenceChannel, ReferenceSubdir } from './reference.ts'
import { META_KEY, REFERENCE_FORMAT, REFERENCE_KIND } from './write-reference.ts'

/**
 * Reads a reference of any kind: compact, compatible, or of the old conda-diff-tar. The folders of the last are found by their ends among the channels of the mirror as it lies now. Throws `REFERENCE_NOT_FOUND`
 * or `REFERENCE_INVALID`.
 */
export function readReference(path: string, channels: readonly FoundChannel[]): Reference {
  const bytes = readBytes(path)
  try {
    if (isCompact(bytes)) return readCompact(bytes)
    const lines = isCompatible(bytes) ? readCompatibleLines(bytes) : undefined
    if (lines !== undefined) return readCompatible(asObject(parse(lines.meta)), (key, subdir) => lines.folders.get(key)?.(subdir) ?? noFolder())
    return readObject(parse(bytes.toString('utf8')), channels)
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

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    if (!hasErrno(error, 'ENOENT', 'ENOTDIR')) throw error
    throw difftarError('REFERENCE_NOT_FOUND', `Error: no such file: ${path}`, { hint: 'Please use the --reference option before creating a differential tarball.', cause: error })
  }
}

function isCompact(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 64).startsWith(`{"kind":"${REFERENCE_KIND}"`)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new Invalid('it is not JSON')
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asObject(value: unknown): Readonly<Record<string, unknown>> {
  if (isObject(value)) return value
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

function readCompact(bytes: Buffer): Reference {
  const lines = linesOf(bytes)
  const header = asObject(parse(lines.next().value ?? ''))
  readFormat(header['format'])
  const subdirs: Subdirs = new Map()
  let seal: unknown
  for (const line of lines) {
    const value = asObject(parse(line))
    seal = value['seal']
    if (seal !== undefined) break
    const subdir = asSubdirName(value['subdir'])
    const artifacts = readArtifacts(subdir, asCount(value['artifacts']), lines)
    add(subdirs, { folder: asFolder(value['channel']), subdir, described: { artifacts, isWeak: hasMd5(artifacts), shards: asShards(value['shards']), records: undefined } })
  }
  const end = bytes.lastIndexOf('{"seal":"')
  if (end < 0 || seal !== createHash('sha256').update(bytes.subarray(0, end)).digest('hex')) throw new Invalid('it is damaged: its seal does not fit')
  return { sequence: asCount(header['sequence']), channels: asList(header['channels']).map((channel) => readChannel(channel, subdirs)) }
}

function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start)
    if (end < 0) throw new Invalid('it ends inside of a line')
    yield bytes.toString('utf8', start, end)
    start = end + 1
  }
}

const ARTIFACT = /^\["([^"\\]{1,255})",(0|[1-9][0-9]{0,15}),"([a-z0-9:]{1,80})"\]$/

function hasMd5(artifacts: ArtifactSet): boolean {
  for (const { digest } of artifacts) if (digest.startsWith('md5:')) return true
  return false
}

function noFolder(): never {
  throw new Invalid('a folder is missing in it')
}

function readArtifacts(subdir: SubdirName, count: number, lines: Iterator<string, undefined>): ArtifactSet {
  const builder = createArtifactSetBuilder(subdir)
  for (let number = 0; number < count; number += 1) {
    const [, name = '', size = '', digest = ''] = ARTIFACT.exec(lines.next().value ?? '') ?? []
    if (!isArtifactName(name) || !isDigest(digest)) throw new Invalid('an artifact in it is none')
    builder.add({ name, size: asCount(Number(size)), digest })
  }
  return builder.build()
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
  return meta === undefined ? readOld(document, channels) : readCompatible(asObject(meta), (key, subdir) => readRecords(subdir, asObject(document[key])))
}

function readCompatible(meta: Readonly<Record<string, unknown>>, recordsOf: (key: string, subdir: SubdirName) => ArtifactSet): Reference {
  readFormat(meta['format'])
  const subdirs: Subdirs = new Map()
  for (const channel of asList(meta['channels']).map((value) => asObject(value))) {
    for (const value of asList(channel['subdirs']).map((one) => asObject(one))) {
      const subdir = asSubdirName(value['subdir'])
      const artifacts = recordsOf(asFolder(value['key']), subdir)
      add(subdirs, { folder: asFolder(channel['folder']), subdir, described: { artifacts, isWeak: hasMd5(artifacts), shards: asShards(value['shards']), records: undefined } })
    }
  }
  return { sequence: asCount(meta['sequence']), channels: asList(meta['channels']).map((channel) => readChannel(channel, subdirs)) }
}

/** Records with whatever digest they have; those without one, or with a name that is none, are as if they were not there, so that they travel again. */
function readRecords(subdir: SubdirName, records: Readonly<Record<string, unknown>>): ArtifactSet {
  const builder = createArtifactSetBuilder(subdir)
  for (const [name, record] of Object.entries(records)) {
    const digest = isObject(record) ? digestOf(record) : undefined
    const size = isObject(record) && typeof record['size'] === 'number' && Number.isSafeInteger(record['size']) ? record['size'] : 0
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
