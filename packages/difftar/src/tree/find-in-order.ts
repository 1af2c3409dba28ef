import type { Artifact, ArtifactSet } from '@mirror/core'

/** Finds artifacts by names that are asked for in order: each artifact is made once, where a search would make twenty. */
export function findInOrder(set: ArtifactSet | undefined): (name: string) => Artifact | undefined {
  const artifacts = set?.[Symbol.iterator]()
  let next = artifacts?.next()
  return (name) => {
    while (next?.done === false && next.value.name < name) next = artifacts?.next()
    return next?.done === false && next.value.name === name ? next.value : undefined
  }
}
