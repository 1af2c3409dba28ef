import { type Changeset, type ChannelState, EMPTY_STATE, type PublishedFile, stateId, type SubdirChange } from '@mirror/delta'

/** What a changeset is built from. */
export interface BuildChangesetOptions {
  /** Subdirs without a change stay as they are in the base. */
  readonly changes: readonly SubdirChange[]
  /** The plain files of the target; left out: those of the base. */
  readonly files?: readonly PublishedFile[] | undefined
  /** Start from nothing: what the target lists is verified on disk instead of believed, because someone changed the public files. Default false. */
  readonly isDistrusted?: boolean
}

/** The changeset that publishes the given changes over `base`. Pure. */
export function buildChangeset(base: ChannelState | undefined, { changes, files, isDistrusted = false }: BuildChangesetOptions): Changeset {
  const from = base ?? EMPTY_STATE
  const changed = new Set<string>(changes.map(({ subdir }) => subdir))
  const subdirs = [...from.subdirs.filter(({ subdir }) => !changed.has(subdir)), ...changes.map(({ target }) => target)]
  const target = files ?? from.files
  const known = isDistrusted ? [] : from.files
  return {
    base: stateId(isDistrusted ? EMPTY_STATE : from),
    target: { subdirs: subdirs.toSorted((left, right) => (left.subdir < right.subdir ? -1 : 1)), files: target },
    changes,
    withdrawn: [],
    filesAdded: target.filter((file) => known.every(({ path, sha256 }) => path !== file.path || sha256 !== file.sha256)),
    filesRemoved: from.files.filter(({ path }) => target.every((file) => file.path !== path)),
  }
}
