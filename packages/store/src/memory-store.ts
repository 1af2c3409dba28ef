import { type Changeset, EMPTY_STATE, isEmptyChangeset, stateId, targetId } from '@mirror/delta'
import { changeMemo, describeChanges } from './change-notes.ts'
import type { BeginOptions, BeginResult, CommitResult, SnapshotResult, Store, TidyOptions, TidyReport } from './contract.ts'
import { ignoreEvents } from './disk-context.ts'
import { assertMemoName } from './memo.ts'
import { listsOf, type MemoryGeneration, type MemoryState, type MemoryTrash } from './memory-lists.ts'
import { createMemoryReader } from './memory-reader.ts'
import { tidyMemory } from './memory-tidy.ts'
import { openMemoryTransaction } from './memory-transaction.ts'
import { assertSnapshotName } from './snapshot-file.ts'

/** Options of `createMemoryStore`. */
export interface MemoryStoreOptions {
  /** What time it is. Default: the system's. */
  readonly clock?: () => Date
  /** How many superseded generations are kept beyond the grace, for rollback. Default 0. */
  readonly keep?: number
}

/** A store that lives as long as the process: for tests, and for looking at what would happen. Keeps the contract to the letter. */
export function createMemoryStore({ clock = () => new Date(), keep = 0 }: MemoryStoreOptions = {}): Store {
  const state: MemoryState = { clock, blobs: new Map(), staged: new Map(), memos: new Map(), snapshots: new Map(), keep, generations: [], trash: [], busy: false }
  return {
    head: async () => state.generations.at(-1)?.generation,
    async read(number) {
      const found = number === undefined ? state.generations.at(-1) : state.generations.find(({ generation }) => generation.number === number)
      return found === undefined ? undefined : createMemoryReader(found, { blobs: state.blobs, isRetained: () => state.generations.includes(found) })
    },
    begin: async (changeset, options = {}) => begin(state, changeset, options),
    tidy: async (options: TidyOptions): Promise<TidyReport | { readonly status: 'busy' }> => tidyMemory(state, options),
    generations: async () => state.generations.map(({ generation }) => generation).toReversed(),
    snapshots: async () => [...state.snapshots.values()].toSorted((left, right) => (left.name < right.name ? -1 : 1)),
    createSnapshot: async (name, generation) => createSnapshot(state, name, generation),
    async removeSnapshot(name) {
      assertSnapshotName(name)
      if (state.busy) return 'busy'
      return state.snapshots.delete(name) ? 'removed' : 'absent'
    },
    async readMemo(name) {
      assertMemoName(name)
      const text = state.memos.get(name)
      const value: unknown = text === undefined ? undefined : JSON.parse(text)
      return value
    },
    async writeMemo(name, value) {
      assertMemoName(name)
      state.memos.set(name, JSON.stringify(value))
    },
  }
}

function createSnapshot(state: MemoryState, name: string, generation: number | undefined): SnapshotResult {
  assertSnapshotName(name)
  if (state.busy) return { status: 'busy' }
  const same = state.snapshots.get(name)
  if (same !== undefined) return { status: 'taken', snapshot: same }
  const found = generation === undefined ? state.generations.at(-1) : state.generations.find((one) => one.generation.number === generation)
  if (found === undefined) return { status: 'absent' }
  const snapshot = { name, generation: found.generation.number, named: state.clock().toISOString() }
  state.snapshots.set(name, snapshot)
  return { status: 'created', snapshot }
}

function begin(state: MemoryState, changeset: Changeset, options: BeginOptions): BeginResult {
  options.signal?.throwIfAborted()
  if (state.busy) return { status: 'busy' }
  const head = state.generations.at(-1)
  if (!fits(changeset, head, options.adopt === true)) return { status: 'stale', head: head?.generation }
  state.busy = true
  const transaction = openMemoryTransaction({
    changeset,
    head,
    blobs: state.blobs,
    staged: state.staged,
    observe: options.observe ?? ignoreEvents,
    commit: (final, artifacts) => commit(state, final, artifacts),
    ended: () => {
      state.busy = false
    },
  })
  return { status: 'begun', transaction }
}

function fits(changeset: Changeset, head: MemoryGeneration | undefined, adopt: boolean): boolean {
  const empty = stateId(EMPTY_STATE)
  return changeset.base === (head?.generation.id ?? empty) || (adopt && changeset.base === empty)
}

function commit(state: MemoryState, final: Changeset, artifacts: MemoryGeneration['artifacts']): CommitResult {
  const head = state.generations.at(-1)
  if (head !== undefined && isEmptyChangeset(final)) return { status: 'committed', generation: head.generation }
  const now = state.clock().toISOString()
  const created = head !== undefined && head.generation.created > now ? head.generation.created : now
  const generation = { number: (head?.generation.number ?? 0) + 1, created, state: final.target, id: targetId(final) }
  const next: MemoryGeneration = { generation, artifacts }
  const still = new Set(listsOf(next).map(([key]) => key))
  const gone = listsOf(head).flatMap(([key, size]): MemoryTrash[] => (still.has(key) ? [] : [{ key, size, time: Date.parse(created) }]))
  state.generations = [...state.generations, next]
  state.trash = [...state.trash, ...gone]
  if (head?.generation.id === final.base) state.memos.set(changeMemo(generation.number), JSON.stringify(describeChanges(final, generation.number)))
  return { status: 'committed', generation }
}
