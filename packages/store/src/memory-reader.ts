import { type Artifact, type ArtifactSet, createArtifactSet, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { ByteRange, Generation, Opened, StoreReader } from './contract.ts'
import { publishedFiles } from './public-state.ts'
import { isSameArtifact } from './tracked-artifacts.ts'

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

/** Reads a generation that is held in memory. */
export function createMemoryReader({ generation, artifacts }: MemoryGeneration, { blobs, isRetained }: { readonly blobs: MemoryBlobs; readonly isRetained: () => boolean }): StoreReader {
  function open(key: string, range: ByteRange | undefined): Opened {
    const bytes = blobs.get(key)
    if (bytes === undefined) return isRetained() ? { status: 'absent' } : { status: 'gone' }
    return { status: 'found', size: bytes.length, body: once(bytes.subarray(range?.start ?? 0, range?.end ?? bytes.length)) }
  }
  return {
    generation,
    async openFile(path, range) {
      const file = [...publishedFiles(generation.state), ...artifacts.shards].find((candidate) => candidate.path === path)
      return file === undefined ? { status: 'absent' } : open(fileKey(file), range)
    },
    async openArtifact(artifact, range) {
      const listed = artifacts.sets.get(artifact.subdir)?.find(artifact.name)
      return listed !== undefined && isSameArtifact(listed, artifact) ? open(artifactKey(artifact), range) : { status: 'absent' }
    },
    readArtifacts: async (subdir) => artifacts.sets.get(subdir) ?? createArtifactSet(subdir, []),
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
