import { type Artifact, type ArtifactCursor, type ArtifactSet, compareCursors, createArtifactCursor, createDigest, type Digest, haveSameDigest, isArtifactName, type SubdirName } from '@mirror/core'
import { type DeltaEntryKind, EMPTY_STATE, type KnownState, type PublishedFile, sortEntries, stateId, type SubdirState } from '@mirror/delta'
import type { ReferenceChannel, ReferenceSubdir } from '../reference/reference.ts'
import type { TreeChannel } from './read-tree.ts'
import type { TreeIndex } from './read-subdir.ts'
import { createWeakFinder } from './weak-digests.ts'

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
  const remove = removedPaths(channel, references, parts.flatMap(({ removed }) => removed))
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
  /** Artifacts that a base has and the index does not list. */
  readonly removed: readonly string[]
}

function diffSubdir(channel: TreeChannel, index: TreeIndex, references: readonly (ReferenceChannel | undefined)[]): SubdirDiff {
  const { subdir } = index
  const state = channel.current.state.subdirs.find((candidate) => candidate.subdir === subdir)
  if (state === undefined) return { entries: [], listing: [], removed: [] }
  const bases = references.map((reference) => ({ reference, before: reference?.subdirs.get(subdir) }))
  const added = new Map<number, DiffEntry>()
  const removed: string[] = []
  for (const { reference, before } of bases) {
    if (isSameDocument(index, reference)) continue
    const join = joinReference(index, before)
    for (const [row, artifact] of join.added) added.set(row, artifactEntry(artifact))
    removed.push(...join.removed.map((name) => `${subdir}/${name}`))
  }
  const indexFiles = [state.document, ...state.variants].filter((file) => bases.some((base) => isNewIndexFile(file, { ...base, state, index })))
  const shards = (channel.shards.get(subdir) ?? []).filter(({ sha256 }) => bases.some(({ before }) => before?.shards.has(sha256) !== true))
  return {
    entries: [...added.values(), ...shards.map((file) => fileEntry(file, 'shard')), ...indexFiles.map((file) => fileEntry(file, 'index'))],
    listing: [...indexFiles.map(({ path }) => path).toSorted(byAge), ...shards.map(({ path }) => path), ...listedOrder(added)],
    removed,
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

/** Artifacts as the index lists them, by their rows. */
function listedOrder(added: ReadonlyMap<number, DiffEntry>): readonly string[] {
  return [...added].toSorted(([left], [right]) => left - right).map(([, { path }]) => path)
}

interface ArtifactJoin {
  /** What the base does not have with these bytes, by row. */
  readonly added: readonly (readonly [number, Artifact])[]
  /** Names that only the base has. */
  readonly removed: readonly string[]
}

/** Walks what the base had where that can be done, else has all of it read. */
function joinReference(index: TreeIndex, before: ReferenceSubdir | undefined): ArtifactJoin {
  using walk = before?.walk?.()
  const join = walk === undefined ? undefined : joinArtifacts(index, walk)
  return join !== undefined && walk?.isWhole() === true ? join : joinArtifacts(index, createArtifactCursor(before?.artifacts))
}

/** Walks an index and what a base had together: without objects, because there may be a million of both. */
function joinArtifacts({ artifacts, byMd5 }: TreeIndex, base: ArtifactCursor): ArtifactJoin {
  const hasBytes = createWeakComparison(byMd5)
  const added: (readonly [number, Artifact])[] = []
  const removed: string[] = []
  let hasBase = base.next()
  for (const target = createArtifactCursor(artifacts); target.next();) {
    let order = hasBase ? compareCursors(base, target) : 1
    for (; order < 0; order = hasBase ? compareCursors(base, target) : 1) {
      addName(removed, base)
      hasBase = base.next()
    }
    if (order > 0 || !hasBytes(base, target)) added.push([target.row, target.artifact()])
    if (order === 0) hasBase = base.next()
  }
  for (; hasBase; hasBase = base.next()) addName(removed, base)
  return { added, removed }
}

/** A name that is none is as if it were not there: nothing of it can be removed. */
function addName(removed: string[], { names, nameStart, nameEnd }: ArtifactCursor): void {
  const name = names.toString('latin1', nameStart, nameEnd)
  if (isArtifactName(name)) removed.push(name)
}

/** Compares by the digest that counts, else by the md5 of the record: what an old base knows. */
function createWeakComparison(byMd5: ArtifactSet | undefined): (base: ArtifactCursor, target: ArtifactCursor) => boolean {
  const findWeak = createWeakFinder(byMd5)
  return (base, target) => {
    if (haveSameDigest(base, target)) return true
    const weak = findWeak(target)
    return weak !== undefined && haveSameDigest(base, weak)
  }
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

/** What a reference has of artifacts and shards, and the channel has not; `artifacts` are those of subdirs that are there. */
function removedPaths(channel: TreeChannel, references: readonly (ReferenceChannel | undefined)[], artifacts: readonly string[]): readonly string[] {
  const removed = new Set(artifacts)
  for (const reference of references) {
    for (const [subdir, before] of reference?.subdirs ?? []) {
      const index = channel.indexes.find((one) => one.subdir === subdir)
      if (index !== undefined && isSameDocument(index, reference)) continue
      for (const path of absentPaths(channel, before, subdir)) removed.add(path)
    }
  }
  return [...removed].toSorted()
}

/** Of a subdir that is gone the artifacts, of any the shards. */
function* absentPaths({ indexes, shards }: TreeChannel, before: ReferenceSubdir, subdir: SubdirName): Generator<string> {
  if (indexes.every((index) => index.subdir !== subdir)) for (const { name } of before.artifacts) yield `${subdir}/${name}`
  const kept = new Set((shards.get(subdir) ?? []).map(({ sha256 }) => sha256))
  for (const sha256 of before.shards) if (!kept.has(sha256)) yield `${subdir}/shards/${sha256}.msgpack.zst`
}
