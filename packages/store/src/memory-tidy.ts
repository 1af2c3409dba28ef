import type { TidyOptions, TidyReport } from './contract.ts'
import { listsOf, type MemoryGeneration, type MemoryState, type MemoryTrash } from './memory-lists.ts'

/** Deletes what is due from memory. */
export function tidyMemory(state: MemoryState, { grace, maximumDeletes = 1000, dryRun = false }: TidyOptions): TidyReport | { readonly status: 'busy' } {
  if (state.busy && !dryRun) return { status: 'busy' }
  const now = state.clock().getTime()
  const isDue = (entry: MemoryTrash): boolean => now - entry.time >= grace
  const retained = retainedGenerations(state, now, grace)
  const needed = new Set(retained.flatMap((one) => listsOf(one).map(([key]) => key)))
  const listed = new Set(listsOf(state.generations.at(-1)).map(([key]) => key))
  const due = [...new Map(state.trash.filter((entry) => isDue(entry) && state.blobs.has(entry.key)).map((entry) => [entry.key, entry])).values()]
  const candidates = due.filter(({ key }) => !needed.has(key))
  const chosen = candidates.slice(0, maximumDeletes)
  const waiting = state.trash.filter((entry) => !isDue(entry))
  const dropped = state.generations.filter((one) => !retained.includes(one)).map(({ generation }) => generation.number)
  if (!dryRun) {
    const gone = new Set(chosen.map((entry) => entry.key))
    state.generations = retained
    state.trash = state.trash.filter((entry) => !gone.has(entry.key) && !(isDue(entry) && listed.has(entry.key)))
    for (const key of gone) state.blobs.delete(key)
  }
  return {
    deleted: sumOf(chosen),
    waiting: { ...sumOf(waiting), next: earliest(waiting, grace) },
    kept: sumOf(due.filter(({ key }) => needed.has(key) && !listed.has(key))),
    left: candidates.length - chosen.length,
    dropped: dropped.toReversed(),
  }
}

/** The newest, those within the grace, as many more as are to be kept, and those that have a name; oldest first. */
function retainedGenerations({ generations, snapshots, keep }: MemoryState, now: number, grace: number): readonly MemoryGeneration[] {
  const named = new Set([...snapshots.values()].map(({ generation }) => generation))
  return generations.toReversed().filter(({ generation }, index, newestFirst) => {
    const next = newestFirst[index - 1]
    return next === undefined || index <= keep || now - Date.parse(next.generation.created) < grace || named.has(generation.number)
  }).toReversed()
}

function sumOf(entries: readonly MemoryTrash[]): { readonly count: number; readonly bytes: number } {
  return { count: entries.length, bytes: entries.reduce((sum, { size }) => sum + size, 0) }
}

function earliest(waiting: readonly MemoryTrash[], grace: number): string | undefined {
  const [first] = waiting.toSorted((left, right) => left.time - right.time)
  return first === undefined ? undefined : new Date(first.time + grace).toISOString()
}
