import { isMirrorError, readShardIndex, type Sha256, type SubdirName } from '@mirror/core'
import type { Changeset, PublishedFile, SubdirState } from '@mirror/delta'
import type { StoreReader } from './contract.ts'
import { storeError } from './store-error.ts'

/** The name of a shard index in its subdir (CEP 16). */
export const SHARD_INDEX = 'repodata_shards.msgpack.zst'

/** The digests of the shards that a generation publishes for a subdir; empty where it has no shard index. Throws `STORE_DAMAGED` when the bytes of the index are gone, and what reading it throws. */
export async function readShardDigests(reader: StoreReader, subdir: SubdirName): Promise<ReadonlySet<Sha256>> {
  const { state, number } = reader.generation
  const path = `${subdir}/${SHARD_INDEX}`
  if (state.subdirs.find((candidate) => candidate.subdir === subdir)?.variants.some((variant) => variant.path === path) !== true) return new Set()
  const opened = await reader.openFile(path)
  if (opened.status !== 'found') throw storeError('STORE_DAMAGED', `Cannot read ${path} of generation ${number}: it is ${opened.status}`, { hint: 'Verify and repair the mirror.', details: { path } })
  const pieces: Buffer[] = []
  for await (const piece of opened.body) pieces.push(Buffer.from(piece))
  return new Set(readShardIndex(Buffer.concat(pieces)).shards.values())
}

/** Shards as files, with the sizes that no shard index tells; those that are not there are left out. */
export async function describeShards(reader: StoreReader, subdir: SubdirName, digests: Iterable<Sha256>): Promise<readonly PublishedFile[]> {
  const described: PublishedFile[] = []
  for (const sha256 of digests) {
    const path = `${subdir}/shards/${sha256}.msgpack.zst`
    const opened = await reader.openFile(path)
    if (opened.status === 'found') described.push({ path, sha256, size: opened.size })
  }
  return described
}

/** A subdir that goes, with all that the generation lists of it: what a changeset withdraws. Of a shard index that cannot be read, no shards. */
export async function describeWithdrawn(reader: StoreReader, state: SubdirState): Promise<Changeset['withdrawn'][number]> {
  const { subdir } = state
  return { state, artifacts: await reader.readArtifacts(subdir), shards: await describeShards(reader, subdir, await readWhatCanBeRead(reader, subdir)) }
}

async function readWhatCanBeRead(reader: StoreReader, subdir: SubdirName): Promise<ReadonlySet<Sha256>> {
  try {
    return await readShardDigests(reader, subdir)
  } catch (error) {
    if (isMirrorError(error)) return new Set()
    throw error
  }
}
