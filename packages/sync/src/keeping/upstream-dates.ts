import type { Store } from '@mirror/store'
import { readUpstreamMemo } from '../upstream-memo.ts'

/** Upstream's own date of each subdir's index, in milliseconds, as the last sync saw it; subdirs of which none is known are left out. */
export async function readUpstreamDates(store: Store): Promise<ReadonlyMap<string, number>> {
  const dates = new Map<string, number>()
  for (const { subdir } of (await store.head())?.state.subdirs ?? []) {
    const modified = (await readUpstreamMemo(store, subdir))?.modified
    if (typeof modified === 'number') dates.set(subdir, modified)
  }
  return dates
}
