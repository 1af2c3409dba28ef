import { type Artifact, type ArtifactSet, createDigest, type Digest, type SubdirName } from '@mirror/core'
import { type DeltaEntryKind, EMPTY_STATE, type KnownState, type PublishedFile, sortEntries, stateId, type SubdirState } from '@mirror/delta'
import { findInOrder } from './find-in-order.ts'
import type { ReferenceChannel, ReferenceSubdir } from '../reference/reference.ts'
import type { TreeChannel } from './read-tree.ts'
import type { TreeIndex } from './read-subdir.ts'

/** Something that has to travel. */
export interface DiffEntry {
  readonly kind: DeltaEntryKind
  /** From the folder of the channel. */
  readonly path: string
  readonly size: number
  /** What its bytes are by the index, or by what was found on disk: of old channels md5 alone. */
  readonly digest: Digest
}

/** What leads from any of some references to what a channel holds now. */
export interface ChannelDiff {
  readonly folder: string
  /** The folder, absolute. */
  readonly root: string
  /** Empty where one of the references does not say. */
  readonly bases: readonly KnownState[]
  readonly target: KnownState
  readonly entries: readonly DiffEntry[]
  readonly remove: readonly string[]
  /** Paths in the order of the old conda-diff-tar: by folder, indexes first, artifacts as the index lists them. */
  readonly listing: readonly string[]
}

/** Compares a channel with what references say of it; one that does not know the channel says that it has nothing. Undefined when nothing changed. */
export function diffChannel(channel: TreeChannel, references: readonly (ReferenceChannel | undefined)[]): ChannelDiff | undefined {
  const { current, indexes, folder, root } = channel
  const isKnown = references.every((reference) => reference === undefined || reference.known !== undefined)
  const parts = indexes.map((index) => diffSubdir(channel, index, references))
  const files = diffFiles(channel, references)
  const remove = removedPaths(channel, references)
  const entries = [...parts.flatMap((part) => part.entries), ...files.map((file) => fileEntry(file, 'file'))]
  const isSame = entries.length === 0 && remove.length === 0 && references.every((reference) => reference?.known === undefined || reference.known.id === current.id)
  if (isSame) return undefined
  return {
    folder, root, target: current, remove,
    bases: isKnown ? uniqueStates(references.map((reference) => reference?.known ?? NOTHING)) : [],
    entries: sortEntries(entries, current.state),
    listing: [...files.map(({ path }) => path), ...parts.flatMap((part) => part.listing)],
  }
}

const NOTHING: KnownState = { id: stateId(EMPTY_STATE), state: EMPTY_STATE }

function uniqueStates(states: readonly KnownState[]): readonly KnownState[] {
  return [...new Map(states.map((state) => [state.id, state])).values()].toSorted((left, right) => (left.id < right.id ? -1 : 1))
}

interface SubdirDiff {
  readonly entries: readonly DiffEntry[]
  readonly listing: readonly string[]
}

function diffSubdir(channel: TreeChannel, index: TreeIndex, references: readonly (ReferenceChannel | undefined)[]): SubdirDiff {
  const { subdir } = index
  const state = channel.current.state.subdirs.find((candidate) => candidate.subdir === subdir)
  if (state === undefined) return { entries: [], listing: [] }
  const bases = references.map((reference) => ({ reference, before: reference?.subdirs.get(subdir) }))
  const added = new Map<string, DiffEntry>()
  const others = bases.filter(({ reference }) => !isSameDocument(index, reference))
  for (const { before } of others) for (const artifact of addedArtifacts(index, before)) added.set(artifact.name, artifactEntry(artifact))
  const indexFiles = [state.document, ...state.variants].filter((file) => bases.some((base) => isNewIndexFile(file, { ...base, state, index })))
  const shards = (channel.shards.get(subdir) ?? []).filter(({ sha256 }) => bases.some(({ before }) => before?.shards.has(sha256) !== true))
  return {
    entries: [...added.values(), ...shards.map((file) => fileEntry(file, 'shard')), ...indexFiles.map((file) => fileEntry(file, 'index'))],
    listing: [...indexFiles.map(({ path }) => path).toSorted(byAge), ...shards.map(({ path }) => path), ...listedOrder(index, added)],
  }
}

/** The old conda-diff-tar knew two index files, and named them first. */
function byAge(left: string, right: string): number {
  const age = (path: string): number => (path.endsWith('/repodata.json') ? 0 : path.endsWith('/repodata.json.bz2') ? 1 : 2)
  return age(left) - age(right)
}

function artifactEntry({ subdir, name, size, digest }: Artifact): DiffEntry {
  return { kind: 'artifact', path: `${subdir}/${name}`, size, digest }
}

function fileEntry({ path, size, sha256 }: PublishedFile, kind: DeltaEntryKind): DiffEntry {
  return { kind, path, size, digest: createDigest('sha256', sha256) }
}

/** Artifacts as the index lists them. */
function listedOrder({ table, subdir }: TreeIndex, added: ReadonlyMap<string, DiffEntry>): readonly string[] {
  const listing: string[] = []
  if (added.size === 0) return listing
  const told = new Set<string>()
  for (let row = 0; row < table.rows; row += 1) {
    const name = table.keyAt(row)
    if (added.has(name) && !told.has(name)) {
      told.add(name)
      listing.push(`${subdir}/${name}`)
    }
  }
  return listing
}

/** Artifacts that the base does not have with these bytes. */
function* addedArtifacts({ artifacts, byMd5 }: TreeIndex, before: ReferenceSubdir | undefined): Generator<Artifact> {
  const find = findInOrder(before?.artifacts)
  for (const artifact of artifacts) {
    const known = find(artifact.name)
    if (known === undefined || !hasSameBytes(known, artifact, byMd5)) yield artifact
  }
}

function hasSameBytes(known: Artifact, artifact: Artifact, byMd5: ArtifactSet | undefined): boolean {
  if (known.digest === artifact.digest) return true
  return known.digest.startsWith('md5:') && byMd5?.find(artifact.name)?.digest === known.digest
}

/** The same document lists the same. */
function isSameDocument({ document }: TreeIndex, reference: ReferenceChannel | undefined): boolean {
  return reference?.known?.state.subdirs.some((state) => state.document.path === document.path && state.document.sha256 === document.sha256) === true
}

interface BaseOfFile {
  readonly reference: ReferenceChannel | undefined
  readonly before: ReferenceSubdir | undefined
  readonly state: SubdirState
  readonly index: TreeIndex
}

function isNewIndexFile(file: PublishedFile, { reference, before, state, index }: BaseOfFile): boolean {
  if (before === undefined || reference === undefined) return true
  if (reference.known === undefined) return hasOtherRecords(index, before)
  const base = reference.known.state.subdirs.find(({ subdir }) => subdir === state.subdir)
  if (base === undefined || base.document.sha256 !== state.document.sha256) return true
  return [base.document, ...base.variants].every(({ path, sha256 }) => path !== file.path || sha256 !== file.sha256)
}

/** An old reference has the records of `packages` and nothing else. */
function hasOtherRecords({ artifacts, records }: TreeIndex, { records: before }: ReferenceSubdir): boolean {
  if (before === undefined || records === undefined) return true
  return before.size !== records.size || artifacts.count !== records.size || [...before].some(([name, text]) => records.get(name) !== text)
}

function diffFiles({ current }: TreeChannel, references: readonly (ReferenceChannel | undefined)[]): readonly PublishedFile[] {
  return current.state.files.filter((file) => references.some((reference) => reference?.known?.state.files.some(({ path, sha256 }) => path === file.path && sha256 === file.sha256) !== true))
}

/** What a reference has of artifacts and shards, and the channel has not. */
function removedPaths({ indexes, shards }: TreeChannel, references: readonly (ReferenceChannel | undefined)[]): readonly string[] {
  const removed = new Set<string>()
  for (const reference of references) {
    for (const [subdir, before] of reference?.subdirs ?? []) {
      const index = indexes.find((one) => one.subdir === subdir)
      if (index !== undefined && isSameDocument(index, reference)) continue
      for (const path of absentPaths(subdir, before, { artifacts: index?.artifacts, shards: shards.get(subdir) ?? [] })) removed.add(path)
    }
  }
  return [...removed].toSorted()
}

function* absentPaths(subdir: SubdirName, before: ReferenceSubdir, { artifacts, shards }: { readonly artifacts: ArtifactSet | undefined; readonly shards: readonly PublishedFile[] }): Generator<string> {
  const find = findInOrder(artifacts)
  for (const { name } of before.artifacts) if (find(name) === undefined) yield `${subdir}/${name}`
  const kept = new Set(shards.map(({ sha256 }) => sha256))
  for (const sha256 of before.shards) if (!kept.has(sha256)) yield `${subdir}/shards/${sha256}.msgpack.zst`
}
