import { isMirrorError, type Sha256, type SubdirName } from '@mirror/core'
import { readShardDigests, type StoreReader } from '@mirror/store'

/** The shards that a generation publishes for a subdir. Of a shard index that cannot be read, none: then they travel again. */
export async function readPublishedShards(reader: StoreReader, subdir: SubdirName): Promise<ReadonlySet<Sha256>> {
  try {
    return await readShardDigests(reader, subdir)
  } catch (error) {
    if (isMirrorError(error)) return new Set()
    throw error
  }
}
