import { type ArtifactSet, createArtifactSetBuilder, createDigest, isArtifactName, type SubdirName } from '@mirror/core'
import { isRecord, parseJson } from './disk-write.ts'

/** What an index document lists. The one place where the store looks into an index. */
export async function readListed(subdir: SubdirName, document: AsyncIterable<Uint8Array>): Promise<ArtifactSet> {
  const pieces: Uint8Array[] = []
  for await (const piece of document) pieces.push(piece)
  const builder = createArtifactSetBuilder(subdir)
  const value = parseJson(Buffer.concat(pieces).toString('utf8'))
  for (const section of ['packages', 'packages.conda']) {
    const records = isRecord(value) ? value[section] : undefined
    for (const [name, record] of Object.entries(isRecord(records) ? records : {})) {
      if (!isArtifactName(name) || !isRecord(record) || typeof record['size'] !== 'number') continue
      if (typeof record['sha256'] === 'string') builder.add({ name, digest: createDigest('sha256', record['sha256']), size: record['size'] })
      else if (typeof record['md5'] === 'string') builder.add({ name, digest: createDigest('md5', record['md5']), size: record['size'] })
    }
  }
  return builder.build()
}
