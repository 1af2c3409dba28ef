import { createHash } from 'node:crypto'
import { createArtifactSet } from '@mirror/core'
import { EMPTY_STATE, stateId } from '@mirror/delta'

/** sha256 of some bytes, in hex. */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** What publishes artifacts (name, digest, size) as the first of a channel: `{ changeset, document, json }`, the index and its bytes. */
export function fillSubdir(artifacts) {
  const subdir = 'linux-64'
  const add = createArtifactSet(subdir, artifacts.map(({ name, digest, size }) => ({ subdir, name, digest, size })))
  const none = createArtifactSet(subdir, [])
  const json = Buffer.from(JSON.stringify({ info: { subdir }, packages: {}, 'packages.conda': Object.fromEntries(artifacts.map(({ name, digest, size }) => [name, { sha256: digest.slice(7), size }])) }))
  const document = { path: `${subdir}/repodata.json`, sha256: sha256(json), size: json.length }
  const target = { subdir, document, variants: [], artifacts: { count: add.count, bytes: add.bytes } }
  const change = { subdir, add, remove: none, reused: { before: none, after: none }, relisted: 0, target, interim: undefined, interimShards: [], shardsAdded: [], shardsRemoved: [] }
  return { changeset: { base: stateId(EMPTY_STATE), target: { subdirs: [target], files: [] }, changes: [change], withdrawn: [], filesAdded: [], filesRemoved: [] }, document, json }
}
