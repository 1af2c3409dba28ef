import type { DeltaChannel, KnownState, PublishedFile } from '@mirror/delta'
import type { Store } from '@mirror/store'
import { difftarError } from '../difftar-error.ts'

/** What is noted in a store when a delta was applied. */
interface AppliedNote {
  readonly sequence: number
  /** What deltas led to, the newest last: also those whose generations were given up. */
  readonly states: readonly string[]
}

/** So many are remembered. */
const STATES = 100

/** The note after another delta. */
export async function addNote(store: Store, { sequence, state }: { readonly sequence: number; readonly state: string }): Promise<void> {
  const before = await readNote(store)
  const note: AppliedNote = { sequence, states: [...(before?.states ?? []).filter((one) => one !== state), state].slice(-STATES) }
  await store.writeMemo(APPLIED_MEMO, note)
}

/** The name of the note. */
const APPLIED_MEMO = 'delta'

/** What `decide` needs to know. */
export interface DecideOptions {
  readonly store: Store
  readonly part: DeltaChannel
  readonly current: KnownState
  readonly sequence: number
  readonly allowOlder: boolean
  /** For messages. */
  readonly root: string
}

/** Whether the delta fits: it is there already, or starts from what is there. Throws `DELTA_OLDER` or `DELTA_BASE_MISMATCH`. */
export async function decide({ store, part, current, sequence, allowOlder, root }: DecideOptions): Promise<'current' | 'fits'> {
  if (current.id === part.target.id) return 'current'
  const startsHere = part.bases.some(({ id }) => id === current.id)
  const fits = startsHere || part.bases.length === 0
  const last = await readNote(store)
  const isOlder = startsHere ? sequence < (last?.sequence ?? 0) : await wasThere(store, part, last)
  if (isOlder && !(allowOlder && fits)) throw older(root, { fits, sequence, last })
  if (!fits) throw mismatch(root, part, current)
  return 'fits'
}

async function wasThere(store: Store, { target }: DeltaChannel, last: AppliedNote | undefined): Promise<boolean> {
  return last?.states.includes(target.id) === true || (await store.generations()).some(({ id }) => id === target.id)
}

function older(root: string, { fits, sequence, last }: { readonly fits: boolean; readonly sequence: number; readonly last: AppliedNote | undefined }): Error {
  const numbers = last === undefined ? '' : ` (its number is ${sequence}, that of the last one ${last.sequence})`
  return difftarError('DELTA_OLDER', `Cannot apply the delta to ${root}: it is older than what is there${numbers}`, {
    hint: fits ? 'Bring the newest one. To go back with it all the same: --allow-older.' : 'Bring the newest one. To go back: `mirror rollback`. Nothing was changed.',
  })
}

function mismatch(root: string, part: DeltaChannel, current: KnownState): Error {
  const differences = part.bases.slice(0, 1).flatMap(({ state }) => compareStates(state, current.state))
  const more = differences.length > 5 ? ` and ${differences.length - 5} more` : ''
  return difftarError('DELTA_BASE_MISMATCH', `Cannot apply the delta to ${root}: it starts from another state (${differences.slice(0, 5).join('; ')}${more})`, {
    hint: 'Apply those before it first, or bring one that starts from what is here: the request file says what that is. Nothing was changed.', details: { state: current.id, bases: part.bases.map(({ id }) => id), differences },
  })
}

async function readNote(store: Store): Promise<AppliedNote | undefined> {
  const note = await store.readMemo(APPLIED_MEMO)
  if (typeof note !== 'object' || note === null || !('sequence' in note) || typeof note.sequence !== 'number') return undefined
  const states: readonly unknown[] = 'states' in note && Array.isArray(note.states) ? note.states : []
  return { sequence: note.sequence, states: states.filter((state) => typeof state === 'string') }
}

/** What differs, for people. */
function compareStates(expected: KnownState['state'], found: KnownState['state']): readonly string[] {
  const list = ({ subdirs, files }: KnownState['state']): ReadonlyMap<string, PublishedFile> => new Map([...subdirs.map(({ document }) => document), ...files].map((file) => [file.path, file]))
  const [wanted, there] = [list(expected), list(found)]
  const missing = [...wanted.keys()].filter((path) => !there.has(path)).map((path) => `${path} is missing`)
  const extra = [...there.keys()].filter((path) => !wanted.has(path)).map((path) => `${path} is there`)
  const other = [...wanted].filter(([path, { sha256 }]) => there.has(path) && there.get(path)?.sha256 !== sha256).map(([path]) => `${path} is another`)
  return [...other, ...missing, ...extra]
}
