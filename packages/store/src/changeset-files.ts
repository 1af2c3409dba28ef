import type { Changeset, PublishedFile } from '@mirror/delta'

/** Every file of a changeset that has to be there: indexes, interim indexes, shards, plain files. */
export function filesOf(changeset: Changeset): readonly PublishedFile[] {
  const ofChanges = changeset.changes.flatMap(({ target, interim, shardsAdded, interimShards }) => [
    ...target.variants, target.document, ...(interim === undefined ? [] : [...interim.variants, interim.document]), ...shardsAdded, ...interimShards,
  ])
  return [...ofChanges, ...changeset.filesAdded]
}
