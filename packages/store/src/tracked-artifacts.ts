import type { Artifact, ArtifactSet } from '@mirror/core'
import type { Changeset } from '@mirror/delta'

/** Where the bytes of a wanted artifact are. */
export type Whereabouts = 'needed' | 'staged' | 'in-place' | 'set-aside'

const KINDS: readonly Whereabouts[] = ['needed', 'staged', 'in-place', 'set-aside']

/** The artifacts that a changeset wants, with one byte each for where its bytes are. */
export interface TrackedSet {
  readonly set: ArtifactSet
  /** True for the new bytes of re-used names. */
  readonly reused: boolean
  /** Where a name stands in the set; quick for names that are asked for in order. */
  readonly positionOf: (name: string) => number | undefined
  readonly at: (position: number) => Whereabouts
  readonly mark: (position: number, where: Whereabouts) => void
}

/** An artifact's place among those that a changeset wants. */
export interface TrackedPlace {
  readonly tracked: TrackedSet
  readonly position: number
}

/** All that a transaction must have before it commits. */
export interface TrackedArtifacts {
  readonly sets: readonly TrackedSet[]
  /** Finds an artifact by its whole identity; undefined when the changeset does not want it. */
  readonly find: (artifact: Artifact) => TrackedPlace | undefined
}

/** Starts with every artifact needed. */
export function trackArtifacts(changeset: Changeset): TrackedArtifacts {
  const sets = changeset.changes.flatMap((change) => [trackSet(change.add, false), trackSet(change.reused.after, true)])
  const bySubdir = Map.groupBy(sets, ({ set }) => set.subdir)
  return {
    sets,
    find(artifact) {
      for (const tracked of bySubdir.get(artifact.subdir) ?? []) {
        const position = tracked.positionOf(artifact.name)
        if (position !== undefined && isSameArtifact(tracked.set.at(position), artifact)) return { tracked, position }
      }
      return undefined
    },
  }
}

function trackSet(set: ArtifactSet, reused: boolean): TrackedSet {
  const bytes = new Uint8Array(set.count)
  let next = 0
  return {
    set,
    reused,
    positionOf(name) {
      const position = set.positionOf(name, next)
      if (position !== undefined) next = position + 1
      return position
    },
    at: (position) => KINDS[bytes[position] ?? 0] ?? 'needed',
    mark(position, where) {
      bytes[position] = KINDS.indexOf(where)
    },
  }
}

/** True for one name with the same bytes. */
export function isSameArtifact(left: Artifact, right: Artifact): boolean {
  return left.name === right.name && left.subdir === right.subdir && left.digest === right.digest && left.size === right.size
}
