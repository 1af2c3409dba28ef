import type { SubdirName } from '@mirror/core'
import type { StoreReader } from '@mirror/store'
import { readDigests } from '../tree/read-variants.ts'
import type { ReferenceChannel, ReferenceSubdir } from './reference.ts'

const SHARD_INDEX = 'repodata_shards.msgpack.zst'

/** What a retained generation of a store held, as a reference: for a delta since then without a file that was written then. `folder` is where the channel lies in the mirror. */
export async function describeGeneration(folder: string, reader: StoreReader): Promise<ReferenceChannel> {
  const { id, state } = reader.generation
  const subdirs = new Map<SubdirName, ReferenceSubdir>()
  for (const { subdir, variants } of state.subdirs) {
    const artifacts = await reader.readArtifacts(subdir)
    const index = variants.find(({ path }) => path === `${subdir}/${SHARD_INDEX}`)
    subdirs.set(subdir, { artifacts, isWeak: false, shards: index === undefined ? new Set() : await readShards(reader, index.path), records: undefined })
  }
  return { folder, known: { id, state }, subdirs }
}

async function readShards(reader: StoreReader, path: string): Promise<ReferenceSubdir['shards']> {
  const opened = await reader.openFile(path)
  if (opened.status !== 'found') return new Set()
  const pieces: Buffer[] = []
  for await (const piece of opened.body) pieces.push(Buffer.from(piece))
  return readDigests(Buffer.concat(pieces)) ?? new Set()
}
