import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { type DeltaChannel, EMPTY_STATE, type KnownState, stateId } from '@mirror/delta'
import type { DiskStore } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'
import { findChannels, readChannel, type TreeChannel, type TreeWarning } from '../tree/read-tree.ts'

/** What a delta meets where a channel is to be. */
export interface Ground {
  readonly current: KnownState
  /** The tree as it lies, where it is not what the store published: it has to be verified and taken over first. */
  readonly tree: TreeChannel | undefined
}

/** What `readGround` needs to know. */
export interface ReadGroundOptions {
  readonly root: string
  readonly store: DiskStore
  readonly part: DeltaChannel
  readonly signal: AbortSignal | undefined
  readonly observe: (warning: TreeWarning) => void
}

/** Looks what there is: what the store published, or the indexes as they lie. Completes a commit that broke off; writes nothing else. */
export async function readGround({ root, store, part, signal, observe }: ReadGroundOptions): Promise<Ground> {
  await completeBroken(root, store, signal)
  const head = await store.head()
  if (head !== undefined && (await store.publicState()).status === 'as-published') return { current: { id: head.id, state: head.state }, tree: undefined }
  const tree = await readTreeAt(root, { part, signal, observe })
  if (tree !== undefined) return { current: tree.current, tree }
  if (head === undefined) return { current: { id: stateId(EMPTY_STATE), state: EMPTY_STATE }, tree: undefined }
  throw difftarError('DELTA_BASE_MISMATCH', `Cannot apply the delta to ${root}: its indexes are gone, though it was a mirror`, { hint: 'Bring the files back, or remove .mirror there and apply a delta from nothing.' })
}

const HOUR = 3_600_000

/** A commit that broke off behind its point of no return is carried out by whatever takes the lock next. */
async function completeBroken(root: string, store: DiskStore, signal: AbortSignal | undefined): Promise<void> {
  const journal = join(root, '.mirror', 'journal')
  if (!existsSync(journal) || readdirSync(journal).length === 0) return
  const answer = await store.tidy({ grace: HOUR, maximumDeletes: 0, ...(signal === undefined ? {} : { signal }) })
  if ('status' in answer) throw locked(root)
}

async function readTreeAt(root: string, { part, signal, observe }: Pick<ReadGroundOptions, 'part' | 'signal' | 'observe'>): Promise<TreeChannel | undefined> {
  if (!existsSync(root)) return undefined
  const found = findChannels(root, () => undefined).find(({ folder }) => folder === '')
  const files = [part.target, ...part.bases].flatMap(({ state }) => state.files.map(({ path }) => path))
  return found === undefined ? undefined : readChannel(found, { signal, observe, files })
}

/** The error for a store that another run works on. */
export function locked(root: string): Error {
  return difftarError('STORE_LOCKED', `Cannot change the mirror ${root}: another run works on it`, { hint: 'Wait until it has ended; it needs no help and leaves no lock behind.' })
}
