import { type ArtifactCursor, type ArtifactSet, compareCursors, createArtifactCursor } from '@mirror/core'

/** Finds the md5 of artifacts that are asked for in order of name: both sets are of one table, so that the row tells which record it is. Undefined for one that has none. */
export function createWeakFinder(byMd5: ArtifactSet | undefined): (artifact: ArtifactCursor) => ArtifactCursor | undefined {
  const weak = createArtifactCursor(byMd5)
  let hasWeak = weak.next()
  return (artifact) => {
    while (hasWeak && weak.row !== artifact.row && compareCursors(weak, artifact) < 0) hasWeak = weak.next()
    return hasWeak && weak.row === artifact.row ? weak : undefined
  }
}
