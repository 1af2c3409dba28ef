import { EMPTY_STATE, isEmptyChangeset, stateId, targetId, type Changeset } from '@mirror/delta'
import type { BeginOptions, BeginResult, CommitResult, Store, TidyOptions, TidyReport } from './contract.ts'
import { ignoreEvents } from './disk-context.ts'
import { assertMemoName } from './memo.ts'
import { createMemoryReader, listsOf, type MemoryBlobs, type MemoryGeneration, type MemoryTrash } from './memory-reader.ts'
import { openMemoryTransaction } from './memory-transaction.ts'

/** Options of `createMemoryStore`. */
export interface MemoryStoreOptions {
  /** What time it is. Default: the system's. */
  readonly clock?: () => Date
}

/** A store that lives as long as the process: for tests, and for looking at what would happen. Keeps the contract to the letter. */
export function createMemoryStore({ clock = () => new Date() }: MemoryStoreOptions = {}): Store {
  let generations: readonly MemoryGeneration[] = []
  let trash: readonly MemoryTrash[] = []
  let busy = false
  const blobs: MemoryBlobs = new Map()
  const staged: MemoryBlobs = new Map()
  const memos = new Map<string, string>()
  const newest = (): MemoryGeneration | undefined => generations.at(-1)

  function begin(changeset: Changeset, { signal, observe = ignoreEvents, adopt = false }: BeginOptions = {}): BeginResult {
    signal?.throwIfAborted()
    if (busy) return { status: 'busy' }
    const empty = stateId(EMPTY_STATE)
    const head = newest()
    const fits = changeset.base === (head?.generation.id ?? empty) || (adopt && changeset.base === empty)
    if (!fits) return { status: 'stale', head: head?.generation }
    busy = true
    const transaction = openMemoryTransaction({
      changeset, head, blobs, staged, observe,
      commit: (final, artifacts) => commit(final, artifacts),
      ended: () => {
        busy = false
      },
    })
    return { status: 'begun', transaction }
  }

  function commit(final: Changeset, artifacts: MemoryGeneration['artifacts']): CommitResult {
    const head = newest()
    if (head !== undefined && isEmptyChangeset(final)) return { status: 'committed', generation: head.generation }
    const now = clock().toISOString()
    const created = head !== undefined && head.generation.created > now ? head.generation.created : now
    const generation = { number: (head?.generation.number ?? 0) + 1, created, state: final.target, id: targetId(final) }
    generations = [...generations, { generation, artifacts }]
    trash = [...trash, ...unreferenced(head, generations.at(-1)).map((entry) => ({ ...entry, time: Date.parse(created) }))]
    return { status: 'committed', generation }
  }

  function tidy({ grace, maximumDeletes = 1000, dryRun = false }: TidyOptions): TidyReport | { readonly status: 'busy' } {
    if (busy && !dryRun) return { status: 'busy' }
    const now = clock().getTime()
    const retained = generations.filter((_, index) => {
      const next = generations[index + 1]
      return next === undefined || now - Date.parse(next.generation.created) < grace
    })
    const needed = new Set(retained.flatMap((one) => listsOf(one).map(([key]) => key)))
    const candidates = trash.filter((entry) => now - entry.time >= grace && !needed.has(entry.key) && blobs.has(entry.key))
    const due = [...new Map(candidates.map((entry) => [entry.key, entry])).values()].slice(0, maximumDeletes)
    const gone = new Set(due.map((entry) => entry.key))
    const waiting = trash.filter((entry) => now - entry.time < grace)
    const next = waiting.reduce((earliest, entry) => Math.min(earliest, entry.time + grace), Number.POSITIVE_INFINITY)
    if (!dryRun) {
      generations = retained
      for (const key of gone) blobs.delete(key)
      trash = trash.filter((entry) => !gone.has(entry.key) && (now - entry.time < grace || !listsOf(newest()).some(([key]) => key === entry.key)))
    }
    return {
      deleted: { count: due.length, bytes: sumBytes(due) },
      waiting: { count: waiting.length, bytes: sumBytes(waiting), next: Number.isFinite(next) ? new Date(next).toISOString() : undefined },
      left: new Set(candidates.map((entry) => entry.key)).size - due.length,
    }
  }

  return {
    head: async () => newest()?.generation,
    async read(number) {
      const found = number === undefined ? newest() : generations.find(({ generation }) => generation.number === number)
      return found === undefined ? undefined : createMemoryReader(found, { blobs, isRetained: () => generations.includes(found) })
    },
    begin: async (changeset, options) => begin(changeset, options),
    tidy: async (options) => tidy(options),
    async readMemo(name) {
      assertMemoName(name)
      const text = memos.get(name)
      const value: unknown = text === undefined ? undefined : JSON.parse(text)
      return value
    },
    async writeMemo(name, value) {
      assertMemoName(name)
      memos.set(name, JSON.stringify(value))
    },
  }
}

function sumBytes(entries: readonly { readonly size: number }[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

/** What the older generation references and the newer does not. */
function unreferenced(before: MemoryGeneration | undefined, after: MemoryGeneration | undefined): readonly Omit<MemoryTrash, 'time'>[] {
  const still = new Set(listsOf(after).map(([key]) => key))
  return listsOf(before).flatMap(([key, size]) => (still.has(key) ? [] : [{ key, size }]))
}
