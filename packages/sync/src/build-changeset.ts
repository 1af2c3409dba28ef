import { type Changeset, type ChannelState, EMPTY_STATE, stateId, type SubdirChange } from '@mirror/delta'

/** The changeset that publishes the given changes over a base; subdirs without one stay as they are. Pure. */
export function buildChangeset(base: ChannelState | undefined, changes: readonly SubdirChange[]): Changeset {
  const from = base ?? EMPTY_STATE
  const changed = new Set<string>(changes.map(({ subdir }) => subdir))
  const subdirs = [...from.subdirs.filter(({ subdir }) => !changed.has(subdir)), ...changes.map(({ target }) => target)]
  return {
    base: stateId(from),
    target: { subdirs: subdirs.toSorted((left, right) => (left.subdir < right.subdir ? -1 : 1)), files: from.files },
    changes,
    withdrawn: [],
    filesAdded: [],
    filesRemoved: [],
  }
}
