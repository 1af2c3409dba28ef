import { createArtifactSet } from '@mirror/core'
import type { ByteRange, Opened, StoreReader } from './contract.ts'
import { artifactKey, fileKey, type MemoryBlobs, type MemoryGeneration } from './memory-lists.ts'
import { publishedFiles } from './public-state.ts'
import { isSameArtifact } from './tracked-artifacts.ts'

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
