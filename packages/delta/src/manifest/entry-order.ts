import { NOARCH } from '@mirror/core'
import type { ChannelState, PublishedFile, SubdirState } from '../state.ts'
import type { DeltaEntry, DeltaEntryKind } from './delta-manifest.ts'

/** Kinds in the order in which they travel: what is named comes before what names it. */
export const ENTRY_KINDS: readonly DeltaEntryKind[] = ['artifact', 'shard', 'file', 'index']

/** Puts entries in the order in which they travel: by kind; by path; indexes with noarch first, each document behind its variants. */
export function sortEntries<T extends Pick<DeltaEntry, 'path' | 'kind'>>(entries: readonly T[], target: ChannelState): readonly T[] {
  const places = new Map(indexOrder(target).map(({ path }, place) => [path, place]))
  const compare = (left: T, right: T): number => {
    const byKind = ENTRY_KINDS.indexOf(left.kind) - ENTRY_KINDS.indexOf(right.kind)
    if (byKind !== 0) return byKind
    return left.kind === 'index' ? (places.get(left.path) ?? 0) - (places.get(right.path) ?? 0) : comparePaths(left.path, right.path)
  }
  return entries.toSorted(compare)
}

/** Every index file of a state, in the order of the switch. */
export function indexOrder({ subdirs }: ChannelState): readonly PublishedFile[] {
  const noarch = subdirs.filter(({ subdir }) => subdir === NOARCH)
  const others = subdirs.filter(({ subdir }) => subdir !== NOARCH)
  return [...noarch, ...others].flatMap((subdir) => indexFiles(subdir))
}

/** The variants and then the document of a subdir. */
export function indexFiles({ variants, document }: SubdirState): readonly PublishedFile[] {
  return [...variants, document]
}

/** Compares by code unit. Paths are ASCII. */
export function comparePaths(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
