import { type ArtifactSet, createArtifactSet, createIndexTableBuilder, type SubdirName } from '@mirror/core'

/** What an index document lists: the artifacts of its sound records. The one place where the store looks into an index. */
export async function readListed(subdir: SubdirName, document: AsyncIterable<Uint8Array>): Promise<ArtifactSet> {
  const builder = createIndexTableBuilder(subdir)
  for await (const piece of document) builder.write(piece)
  return builder.end().artifacts()
}

/** What a subdir lists that is not there. */
export function listNothing(subdir: SubdirName): ArtifactSet {
  return createArtifactSet(subdir, [])
}
