import type { TidyOptions, TidyReport } from './contract.ts'
import { listsOf, type MemoryState, type MemoryTrash } from './memory-lists.ts'

/** Deletes what is due from memory. */
export function tidyMemory(state: MemoryState, { grace, maximumDeletes = 1000, dryRun = false }: TidyOptions): TidyReport | { readonly status: 'busy' } {
  if (state.busy && !dryRun) return { status: 'busy' }
  const now = state.clock().getTime()
  const isDue = (entry: MemoryTrash): boolean => now - entry.time >= grace
  const retained = state.generations.filter((_, index) => {
    const next = state.generations[index + 1]
    return next === undefined || now - Date.parse(next.generation.created) < grace
  })
  const needed = new Set(retained.flatMap((one) => listsOf(one).map(([key]) => key)))
  const candidates = [...new Map(state.trash.filter((entry) => isDue(entry) && !needed.has(entry.key) && state.blobs.has(entry.key)).map((entry) => [entry.key, entry])).values()]
  const due = candidates.slice(0, maximumDeletes)
  const waiting = state.trash.filter((entry) => !isDue(entry))
  if (!dryRun) {
    const gone = new Set(due.map((entry) => entry.key))
    const listed = new Set(listsOf(state.generations.at(-1)).map(([key]) => key))
    state.generations = retained
    state.trash = state.trash.filter((entry) => !gone.has(entry.key) && !(isDue(entry) && listed.has(entry.key)))
    for (const key of gone) state.blobs.delete(key)
  }
  return { deleted: sumOf(due), waiting: { ...sumOf(waiting), next: earliest(waiting, grace) }, left: candidates.length - due.length }
}

function sumOf(entries: readonly MemoryTrash[]): { readonly count: number; readonly bytes: number } {
  return { count: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
}

function earliest(waiting: readonly MemoryTrash[], grace: number): string | undefined {
  const [first] = waiting.toSorted((left, right) => left.time - right.time)
  return first === undefined ? undefined : new Date(first.time + grace).toISOString()
}
