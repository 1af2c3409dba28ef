import type { SubdirName } from '@mirror/core'
import type { StoreReader } from '@mirror/store'
import { readPublishedShards } from '../tree/published-shards.ts'
import type { ReferenceChannel, ReferenceSubdir } from './reference.ts'

/** What a retained generation of a store held, as a reference: for a delta since then without a file that was written then. `folder` is where the channel lies in the mirror. */
export async function describeGeneration(folder: string, reader: StoreReader): Promise<ReferenceChannel> {
  const { id, state } = reader.generation
  const subdirs = new Map<SubdirName, ReferenceSubdir>()
  for (const { subdir } of state.subdirs) {
    subdirs.set(subdir, { artifacts: await reader.readArtifacts(subdir), isWeak: false, shards: await readPublishedShards(reader, subdir), records: undefined })
  }
  return { folder, known: { id, state }, subdirs }
}
