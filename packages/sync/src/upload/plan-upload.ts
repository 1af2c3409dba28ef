import { type Artifact, type ArtifactSet, createArtifactSetBuilder, digestKind, type IndexTable, type SubdirName } from '@mirror/core'
import type { SubdirFacts } from '@mirror/delta'
import type { UploadConflict } from './upload-report.ts'

/** What differs between what is wanted of a subdir and what a target lists. */
export interface UploadDifference {
  readonly subdir: SubdirName
  /** Wanted, and not listed, or listed with a digest that cannot be compared: the target is asked before anything is sent. */
  readonly upload: ArtifactSet
  /** How many are listed with these bytes. */
  readonly present: number
  /** Listed with other bytes. */
  readonly conflicts: readonly UploadConflict[]
  /** The artifacts of those: what is uploaded where they are to be replaced. */
  readonly replacements: ArtifactSet
  /** Listed, and not by upstream under any name. */
  readonly remove: ArtifactSet
}

/** What is compared. */
export interface CompareWithTargetOptions {
  readonly subdir: SubdirName
  /** What the selection leaves of upstream; undefined for a subdir that upstream does not have. */
  readonly wanted: ArtifactSet | undefined
  readonly listed: ArtifactSet
  /** All that upstream lists: what is merely not wanted any more is not removed, as with `cas-sync-api-v5 -c`. Empty when nothing is to be removed. */
  readonly upstream: readonly IndexTable[]
}

/** Compares what is wanted with what a target lists. Pure. */
export function compareWithTarget({ subdir, wanted, listed, upstream }: CompareWithTargetOptions): UploadDifference {
  const upload = createArtifactSetBuilder(subdir)
  const replacements = createArtifactSetBuilder(subdir)
  const conflicts: UploadConflict[] = []
  let present = 0
  for (const artifact of wanted ?? []) {
    const there = listed.find(artifact.name)
    if (there === undefined || !isComparable(artifact, there)) upload.add(artifact)
    else if (there.digest === artifact.digest) present += 1
    else {
      conflicts.push({ subdir, name: artifact.name, wanted: artifact.digest, there: there.digest })
      replacements.add(artifact)
    }
  }
  return { subdir, upload: upload.build(), present, conflicts, replacements: replacements.build(), remove: listUnknown(subdir, listed, upstream) }
}

/** A size that differs says enough. */
function isComparable(artifact: Artifact, there: Artifact): boolean {
  return artifact.size !== there.size || digestKind(artifact.digest) === digestKind(there.digest)
}

function listUnknown(subdir: SubdirName, listed: ArtifactSet, upstream: readonly IndexTable[]): ArtifactSet {
  const remove = createArtifactSetBuilder(subdir)
  if (upstream.length === 0) return remove.build()
  const known = new Set<string>()
  for (const table of upstream) for (let row = 0; row < table.rows; row += 1) known.add(table.keyAt(row))
  for (const artifact of listed) if (!known.has(artifact.name)) remove.add(artifact)
  return remove.build()
}

/** What the guards judge of a removal: what the target lists is the base, and upstream the target of the change. */
export function removalFacts({ subdir, remove }: UploadDifference, listed: ArtifactSet, upstream: IndexTable): SubdirFacts {
  const unknown = { base: undefined, target: undefined }
  return { subdir, base: listed.count, target: upstream.rows, removedByUpstream: remove.count, removedBySelection: 0, vanished: false, modified: unknown, newest: unknown }
}
