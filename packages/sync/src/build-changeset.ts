import { type Changeset, type ChannelState, EMPTY_STATE, stateId, type SubdirChange } from '@mirror/delta'

/**
 * The changeset that publishes the given changes over `base`; subdirs without one stay as they are there. With `isDistrusted` it starts from nothing: what
 * it lists is verified on disk instead of believed, because someone changed the public files. Pure.
 */
export function buildChangeset(base: ChannelState | undefined, changes: readonly SubdirChange[], isDistrusted = false): Changeset {
  const from = base ?? EMPTY_STATE
  const changed = new Set<string>(changes.map(({ subdir }) => subdir))
  const subdirs = [...from.subdirs.filter(({ subdir }) => !changed.has(subdir)), ...changes.map(({ target }) => target)]
  return {
    base: stateId(isDistrusted ? EMPTY_STATE : from),
    target: { subdirs: subdirs.toSorted((left, right) => (left.subdir < right.subdir ? -1 : 1)), files: from.files },
    changes,
    withdrawn: [],
    filesAdded: [],
    filesRemoved: [],
  }
}
