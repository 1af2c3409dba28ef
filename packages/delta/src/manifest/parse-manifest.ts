import { type ArtifactName, isArtifactName, isSafeRelativeFolder, isSubdirName, MirrorError, type SubdirName } from '@mirror/core'
import type { DeltaErrorCode } from '../error-codes.ts'
import type { PublishedFile } from '../state.ts'
import { DELTA_FORMAT, type DeltaChannel, type DeltaEntry, type DeltaEntryKind, type DeltaManifest, deltaPath, type KnownState, MAXIMUM_MANIFEST_BYTES } from './delta-manifest.ts'
import { ENTRY_KINDS, indexOrder } from './entry-order.ts'
import { ENTRY_LISTS, formatManifest, manifestSeal, SEAL_END, SEAL_START, sealOf } from './format-manifest.ts'
import { assertSorted, malformed, readCount, readKnownState, readList, readObject, readPath, readSha256, shorten } from './strict-json.ts'

/**
 * Reads the manifest of a delta, or refuses it. What it answers is consistent: identities fit states, entries belong to the target and stand in order, no path occurs twice, the sums are right, and
 * formatting it gives the very same bytes. Throws `DELTA_MALFORMED`, and `DELTA_TOO_NEW` for one that asks for a later reader.
 */
export function parseManifest(bytes: Uint8Array): DeltaManifest {
  if (bytes.byteLength > MAXIMUM_MANIFEST_BYTES) throw malformed(`its manifest has ${bytes.byteLength} bytes, more than ${MAXIMUM_MANIFEST_BYTES}`)
  const text = decode(bytes)
  assertSealed(text)
  const document = readObject(parseJson(text), 'the manifest')
  const reader = readCount(document['reader'], 'the version of the reader')
  if (reader > DELTA_FORMAT) throw tooNew(reader)
  const manifest = readManifest(document, reader)
  // Whatever else is in it, says something twice or otherwise, would be understood otherwise by another reader.
  if (formatManifest(manifest) !== text) throw malformed('its manifest is not written as the format says')
  return manifest
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('its manifest is not UTF-8')
  }
}

function assertSealed(text: string): void {
  const end = text.length - SEAL_START.length - 64 - SEAL_END.length
  const isShaped = end > 0 && text.startsWith(SEAL_START, end) && text.endsWith(SEAL_END)
  if (!isShaped || manifestSealOrNone(text) !== sealOf(text.slice(0, end))) throw malformed('its manifest is damaged: the seal does not fit')
}

function manifestSealOrNone(text: string): string | undefined {
  try {
    return manifestSeal(text)
  } catch {
    return undefined
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw malformed('its manifest is not JSON')
  }
}

function tooNew(reader: number): MirrorError<DeltaErrorCode> {
  return new MirrorError('DELTA_TOO_NEW', `Cannot read the delta: it needs a reader of version ${reader}, this one is of version ${DELTA_FORMAT}`, {
    hint: 'Update this tool; the newer one reads older deltas too. Nothing was changed.', details: { reader },
  })
}

const CREATED = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/
const GUARDS = ['satisfied', 'overridden', 'none'] as const

function readManifest(document: Readonly<Record<string, unknown>>, reader: number): DeltaManifest {
  const { sequence, created, guards, channels: rawChannels, volumes: rawVolumes = [] } = document
  const word = GUARDS.find((candidate) => candidate === guards)
  if (word === undefined) throw malformed('it does not say whether its guards were satisfied')
  if (created !== undefined && (typeof created !== 'string' || !CREATED.test(created))) throw malformed('the time at which it was made is none')
  const channels = readList(rawChannels, 'the channels', readChannel)
  assertSorted(channels.map(({ folder }) => folder), 'the channels')
  const volumes = readList(rawVolumes, 'the volumes', (value) => readCount(value, 'the entries of a volume'))
  const paths = channels.flatMap(({ folder, entries }) => entries.map(({ path }) => deltaPath(folder, path)))
  if (new Set(paths).size !== paths.length) throw malformed('two channels have one path')
  if (volumes.length > 0 && volumes.reduce((sum, entries) => sum + entries, 0) !== paths.length) throw malformed('its volumes do not have all entries')
  return { reader, sequence: readCount(sequence, 'the sequence'), created, guards: word, channels, volumes }
}

function readChannel(value: unknown): DeltaChannel {
  const document = readObject(value, 'a channel')
  const { folder, bases: rawBases, target: rawTarget, remove: rawRemove } = document
  if (typeof folder !== 'string' || (folder !== '' && !isSafeRelativeFolder(folder))) throw malformed(`${shorten(folder)} cannot be the folder of a channel`)
  const bases = readList(rawBases, 'the bases', readKnownState)
  assertSorted(bases.map(({ id }) => id), 'the bases')
  const target = readKnownState(rawTarget)
  const entries = ENTRY_KINDS.flatMap((kind, place) => readEntries(document[ENTRY_LISTS[place] ?? ''], kind, target))
  const remove = readList(rawRemove, 'what is removed', readPath)
  assertSorted(remove, 'what is removed')
  const added = new Set(entries.map(({ path }) => path))
  for (const path of remove) if ((parseArtifactPath(path) === undefined && parseShardSubdir(path) === '') || added.has(path)) throw malformed(`${path} cannot be removed`)
  return { folder, bases, target, entries, remove }
}

function readEntries(value: unknown, kind: DeltaEntryKind, { state }: KnownState): readonly DeltaEntry[] {
  const entries = readList(value, `the entries of kind ${kind}`, (element) => readEntry(element, kind))
  if (kind === 'index') assertIndexes(entries, indexOrder(state))
  else assertSorted(entries.map(({ path }) => path), `the entries of kind ${kind}`)
  const subdirs = new Set<string>(state.subdirs.map(({ subdir }) => subdir))
  const belongs = BELONGS[kind]
  for (const entry of entries) if (!belongs(entry, { subdirs, files: state.files })) throw malformed(`${entry.path} is no ${kind} of the target`)
  return entries
}

interface TargetPlaces {
  readonly subdirs: ReadonlySet<string>
  readonly files: readonly PublishedFile[]
}

const BELONGS: Readonly<Record<DeltaEntryKind, (entry: DeltaEntry, target: TargetPlaces) => boolean>> = {
  artifact: ({ path }, { subdirs }) => subdirs.has(parseArtifactPath(path)?.subdir ?? ''),
  shard: ({ path, sha256 }, { subdirs }) => path.endsWith(`/${sha256}.msgpack.zst`) && subdirs.has(parseShardSubdir(path)),
  file: (entry, { files }) => files.some((file) => isSame(file, entry)),
  // Their order was looked at.
  index: () => true,
}

function readEntry(value: unknown, kind: DeltaEntryKind): DeltaEntry {
  if (!Array.isArray(value) || value.length !== 3) throw malformed('an entry is not a list of three')
  const [path, size, sha256]: readonly unknown[] = value
  return { path: readPath(path), sha256: readSha256(sha256, `the sha256 of ${shorten(path)}`), size: readCount(size, `the size of ${shorten(path)}`), kind }
}

/** Index files of the target, in its order. */
function assertIndexes(entries: readonly DeltaEntry[], order: readonly PublishedFile[]): void {
  let place = 0
  for (const entry of entries) {
    while (place < order.length && order[place]?.path !== entry.path) place += 1
    const expected = order[place]
    if (expected === undefined || !isSame(expected, entry)) throw malformed(`${entry.path} is not an index file of the target, or stands in the wrong place`)
    place += 1
  }
}

function isSame(left: PublishedFile, right: PublishedFile): boolean {
  return left.path === right.path && left.sha256 === right.sha256 && left.size === right.size
}

/** The subdir and name of an artifact's path; undefined for any other path. */
export function parseArtifactPath(path: string): { readonly subdir: SubdirName; readonly name: ArtifactName } | undefined {
  const [subdir = '', name = '', ...others] = path.split('/')
  return others.length === 0 && isSubdirName(subdir) && isArtifactName(name) ? { subdir, name } : undefined
}

const SHARD = /^([a-z0-9-]+)\/shards\/[0-9a-f]{64}\.msgpack\.zst$/

function parseShardSubdir(path: string): string {
  return SHARD.exec(path)?.[1] ?? ''
}
