import { type Artifact, type ArtifactSet, createArtifactSet, type SubdirName } from '@mirror/core'
import type { Changeset, PublishedFile, StateId, SubdirChange } from '@mirror/delta'
import type { Generation, Snapshot } from './contract.ts'

/** Bytes by their identity. */
export type MemoryBlobs = Map<string, Uint8Array>

/** A generation with what its indexes list; shards are kept beside, because no state names them. */
export interface MemoryGeneration {
  readonly generation: Generation
  readonly artifacts: { readonly sets: ReadonlyMap<SubdirName, ArtifactSet>; readonly shards: readonly PublishedFile[] }
}

/** Bytes that a generation stopped referencing. */
export interface MemoryTrash {
  readonly key: string
  readonly size: number
  readonly time: number
}

/** All that a store in memory is. */
export interface MemoryState {
  readonly clock: () => Date
  readonly blobs: MemoryBlobs
  readonly staged: MemoryBlobs
  readonly memos: Map<string, string>
  readonly snapshots: Map<string, Snapshot>
  /** How many superseded generations are kept beyond the grace. */
  readonly keep: number
  generations: readonly MemoryGeneration[]
  trash: readonly MemoryTrash[]
  busy: boolean
}

/** The key of an artifact's bytes. */
export function artifactKey({ subdir, name, digest }: Artifact): string {
  return `${subdir}/${name} ${digest}`
}

/** The key of another file's bytes. */
export function fileKey({ path, sha256 }: PublishedFile): string {
  return `${path} sha256:${sha256}`
}

/** Keys and sizes of all that a generation references but index documents, which go without a count. */
export function listsOf(generation: MemoryGeneration | undefined): readonly (readonly [string, number])[] {
  if (generation === undefined) return []
  const artifacts = [...generation.artifacts.sets.values()].flatMap((set) => [...set].map((artifact) => [artifactKey(artifact), artifact.size] as const))
  const files = [...generation.artifacts.shards, ...generation.generation.state.files].map((file) => [fileKey(file), file.size] as const)
  return [...artifacts, ...files]
}

/** What is listed once a changeset is carried out. From nothing, when it starts from another state than the head: a tree is adopted then. */
export function listsAfter(head: MemoryGeneration | undefined, base: StateId, final: Changeset): MemoryGeneration['artifacts'] {
  const before = head === undefined || base !== head.generation.id ? undefined : head.artifacts
  const sets = new Map<SubdirName, ArtifactSet>(before?.sets)
  for (const { state } of final.withdrawn) sets.delete(state.subdir)
  for (const change of final.changes) sets.set(change.subdir, createArtifactSet(change.subdir, changed(sets.get(change.subdir), change)))
  const gone = new Set([...final.changes.flatMap((change) => change.shardsRemoved), ...final.withdrawn.flatMap((withdrawn) => withdrawn.shards)].map(fileKey))
  const shards = [...(before?.shards ?? []).filter((file) => !gone.has(fileKey(file))), ...final.changes.flatMap((change) => change.shardsAdded)]
  return { sets, shards }
}

function* changed(before: ArtifactSet | undefined, { add, remove, reused }: SubdirChange): Generator<Artifact> {
  for (const artifact of before ?? []) if (remove.find(artifact.name) === undefined && reused.after.find(artifact.name) === undefined) yield artifact
  yield* add
  yield* reused.after
}
