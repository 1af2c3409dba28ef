import { MirrorError, type SubdirName } from '@mirror/core'
import { changesetTotals, type ChangesetTotals, type StateId } from '@mirror/delta'
import type { Generation, Snapshot, StoreEvent, StoreReader, Transaction } from '@mirror/store'
import type { SyncErrorCode } from '../error-codes.ts'
import type { SyncStore } from '../options.ts'
import { createSpoolSpace } from '../spool-space.ts'
import { planReturn, type ReturnPlan } from './plan-return.ts'

/** What `rollbackChannel` needs to know. */
export interface RollbackOptions {
  readonly store: SyncStore
  /** A generation's number, or a snapshot's name; left out: the newest older generation with another state. */
  readonly to?: number | string
  /** Where large indexes are put while they are worked on. */
  readonly spoolFolder: string
  /** Look only: nothing is written. Default false. */
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
  readonly observe?: (event: StoreEvent) => void
}

/** What a rollback did, or would do. */
export interface RollbackReport {
  readonly status:
    /** The head has that state already. */
    | 'unchanged'
    | 'planned'
    | 'committed'
  /** The generation that was newest before. */
  readonly from: number
  /** The generation whose state is published again. */
  readonly to: number
  /** The generation that is newest afterwards. */
  readonly generation: number
  readonly state: StateId
  readonly subdirs: readonly RollbackSubdir[]
  readonly totals: ChangesetTotals
}

/** One subdir that a rollback changes. */
export interface RollbackSubdir {
  readonly subdir: SubdirName
  readonly add: number
  readonly remove: number
  readonly reused: number
  readonly relisted: number
  /** True for a subdir that the older state does not have. */
  readonly withdrawn: boolean
}

const ROUNDS = 3

/**
 * Publishes the state of a retained generation again, as a new generation: nothing is fetched. What upstream has stays what it is, so the next sync brings its state back. Throws
 * `GENERATION_ABSENT` when there is no such generation (any more), naming those there are, `ROLLBACK_INCOMPLETE` when bytes that it lists are gone, `STORE_LOCKED`, `STORE_CONTENDED`,
 * and what the store throws; in all of these cases the mirror is as it was.
 */
export async function rollbackChannel(options: RollbackOptions): Promise<RollbackReport> {
  for (let round = 1; round <= ROUNDS; round += 1) {
    const report = await attemptRollback(options)
    if (report !== undefined) return report
  }
  throw new MirrorError<SyncErrorCode>('STORE_CONTENDED', `Cannot roll back: the mirror changed under the run ${ROUNDS} times`, { hint: 'See what else writes to this mirror, then try again.' })
}

/** Undefined when the store moved on meanwhile. */
async function attemptRollback(options: RollbackOptions): Promise<RollbackReport | undefined> {
  const { store, signal = new AbortController().signal } = options
  const head = await store.head()
  const generation = await findGeneration(options, head)
  const older = await store.read(generation.number)
  if (head === undefined || older === undefined) throw await absent(options, `generation ${generation.number} was given up just now`)
  const isBelieved = (await store.publicState?.())?.status !== 'changed'
  using spool = createSpoolSpace(options.spoolFolder)
  const plan = await planReturn({ head, newest: isBelieved ? await store.read(head.number) : undefined, older, spool, signal })
  const report = createRollbackReport(head, generation, plan)
  if (report.status === 'unchanged') return report
  await assertThere(plan, older)
  if (options.dryRun === true) return report
  const committed = await carryOutReturn(plan, options, { signal, number: generation.number })
  return committed === undefined ? undefined : { ...report, status: 'committed', generation: committed.number }
}

function createRollbackReport(head: Generation, to: Generation, { changeset }: ReturnPlan): RollbackReport {
  const changed = changeset.changes.map(({ subdir, add, remove, reused, relisted }) => ({ subdir, add: add.count, remove: remove.count, reused: reused.after.count, relisted, withdrawn: false }))
  const gone = changeset.withdrawn.map(({ state, artifacts }) => ({ subdir: state.subdir, add: 0, remove: artifacts.count, reused: 0, relisted: 0, withdrawn: true }))
  const isNothing = changed.length + gone.length + changeset.filesAdded.length + changeset.filesRemoved.length === 0
  return {
    status: isNothing ? 'unchanged' : 'planned', from: head.number, to: to.number, generation: head.number, state: to.id, subdirs: [...changed, ...gone], totals: changesetTotals(changeset),
  }
}

async function findGeneration(options: RollbackOptions, head: Generation | undefined): Promise<Generation> {
  const { store, to } = options
  const generations = await store.generations()
  if (to === undefined) {
    const older = generations.find(({ number, id }) => head !== undefined && number < head.number && id !== head.id)
    if (older === undefined) throw await absent(options, 'there is no older state')
    return older
  }
  const snapshot = typeof to === 'string' ? (await store.snapshots()).find(({ name }) => name === to) : undefined
  if (typeof to === 'string' && snapshot === undefined) throw await absent(options, `there is no snapshot ${JSON.stringify(to)}`)
  const number = snapshot?.generation ?? to
  const found = generations.find((generation) => generation.number === number)
  if (found === undefined) throw await absent(options, `generation ${number} is not there, or was given up`)
  return found
}

/** The error that names what can be rolled back to. */
async function absent({ store }: RollbackOptions, what: string): Promise<MirrorError<SyncErrorCode>> {
  const generations = (await store.generations()).map(({ number }) => number)
  const snapshots = await store.snapshots()
  return new MirrorError('GENERATION_ABSENT', `Cannot roll back: ${what}`, {
    hint: generations.length < 2 ? 'No older generation is kept. `retain` in the configuration, and snapshots, keep them.' : `There are: ${generations.map((number) => describe(number, snapshots)).join(', ')}.`,
    details: { generations, snapshots: snapshots.map(({ name, generation }) => ({ name, generation })) },
  })
}

function describe(number: number, snapshots: readonly Snapshot[]): string {
  const names = snapshots.filter(({ generation }) => generation === number).map(({ name }) => name)
  return names.length === 0 ? String(number) : `${number} (${names.join(', ')})`
}

const NAMED = 5

/** Looks whether the bytes are there, before anything is begun; they are verified later. */
async function assertThere({ changeset, files }: ReturnPlan, older: StoreReader): Promise<void> {
  const missing: string[] = []
  const sets = changeset.changes.flatMap(({ add, reused }) => [add, reused.after])
  for (const set of sets) {
    for (const artifact of set) if ((await older.openArtifact(artifact)).status !== 'found') missing.push(`${artifact.subdir}/${artifact.name}`)
  }
  const made = new Set(changeset.changes.flatMap(({ interim, interimShards }) => [...interimShards, ...(interim === undefined ? [] : [interim.document, ...interim.variants])]))
  for (const { file } of files) if (!made.has(file) && (await older.openFile(file.path)).status !== 'found') missing.push(file.path)
  if (missing.length > 0) throw incomplete(older.generation.number, missing)
}

function incomplete(number: number, missing: readonly string[]): MirrorError<SyncErrorCode> {
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : ''
  return new MirrorError('ROLLBACK_INCOMPLETE', `Cannot roll back to generation ${number}: ${missing.slice(0, NAMED).join(', ')}${more} ${missing.length === 1 ? 'is' : 'are'} gone`, {
    hint: 'Somebody deleted or damaged them. Roll back to another generation, or bring the files back.', details: { missing },
  })
}

async function carryOutReturn(plan: ReturnPlan, { store, observe }: RollbackOptions, { signal, number }: { readonly signal: AbortSignal; readonly number: number }): Promise<Generation | undefined> {
  await using transaction = await beginReturn(plan, { store, signal, observe })
  if (transaction === undefined) return undefined
  const missing: string[] = []
  for await (const artifact of transaction.missing(signal)) missing.push(`${artifact.subdir}/${artifact.name}`)
  if (missing.length > 0) throw incomplete(number, missing)
  for (const { file, open } of plan.files) await transaction.putFile(file, open(), { signal })
  const result = await transaction.commit()
  return result.status === 'committed' ? result.generation : undefined
}

/** Options of `beginReturn`. */
export interface BeginReturnOptions {
  readonly store: SyncStore
  readonly signal: AbortSignal
  readonly observe: ((event: StoreEvent) => void) | undefined
  readonly damaged?: ReadonlySet<string>
}

/** Begins a transaction that fetches nothing; undefined when the store moved on. Throws `STORE_LOCKED`. */
export async function beginReturn({ changeset }: Pick<ReturnPlan, 'changeset'>, { store, signal, observe, damaged = new Set() }: BeginReturnOptions): Promise<Transaction | undefined> {
  const begun = await store.begin(changeset, { signal, adopt: true, damaged, ...(observe === undefined ? {} : { observe }) })
  if (begun.status === 'begun') return begun.transaction
  if (begun.status === 'stale') return undefined
  throw new MirrorError<SyncErrorCode>('STORE_LOCKED', 'Cannot change the mirror: another run works on it', { hint: 'Wait until it has ended; it needs no help and leaves no lock behind.' })
}
