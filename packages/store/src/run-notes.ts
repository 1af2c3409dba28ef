import { isJsonObject, isMirrorError } from '@mirror/core'
import type { Store } from './contract.ts'

/** How a run ended: that of its report, or `failed` for one that has none. */
export type PastRunStatus = 'unchanged' | 'planned' | 'committed' | 'refused' | 'held' | 'failed'

/** A run on a channel that changed it, or could not. */
export interface PastRun {
  /** The subcommand, with what it was given where that matters: `sync`, `rollback to 3`. */
  readonly command: string
  /** ISO 8601. */
  readonly finished: string
  /** Milliseconds; 0 where nobody took the time. */
  readonly duration: number
  readonly status: PastRunStatus
  /** What was published when it ended. */
  readonly generation: number | undefined
  readonly added: number
  readonly removed: number
  /** Names that have other bytes now. */
  readonly reused: number
  /** Records that changed while their artifact is the same. */
  readonly relisted: number
  readonly fetchedBytes: number
  readonly failed: number
  /** What was left as it was, and why. */
  readonly held: readonly { readonly subdir: string; readonly code: string; readonly reason: string }[]
  /** Of a run that failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined
}

const MEMO = 'runs'
/** A year of more than one a day. */
const KEPT = 500

/** Notes how a run ended, beside a store that has something: the last 500 are kept. */
export async function noteRun(store: Store, run: PastRun): Promise<void> {
  if (await store.head() === undefined) return
  await store.writeMemo(MEMO, [run, ...await readRuns(store)].slice(0, KEPT))
}

/** What is told of a run that had nothing to do with what upstream has now. */
export type LocalRun = Pick<PastRun, 'command' | 'generation' | 'added' | 'removed'> & Partial<Pick<PastRun, 'reused' | 'relisted' | 'duration' | 'fetchedBytes'>>

/** Notes a run that changed the mirror without upstream, at `now` (milliseconds since 1970). That the note cannot be kept is no matter. */
export async function noteLocalRun(store: Store, run: LocalRun, now: number): Promise<void> {
  try {
    await noteRun(store, { ...NOTHING, ...run, finished: new Date(now).toISOString() })
  } catch (error) {
    if (!isMirrorError(error)) throw error
  }
}

const NOTHING = { duration: 0, reused: 0, relisted: 0, status: 'committed', fetchedBytes: 0, failed: 0, held: [], error: undefined } as const

/** Reads them back, newest first; those that cannot be read are left out. */
export async function readRuns(store: Pick<Store, 'readMemo'>): Promise<readonly PastRun[]> {
  const memo = await store.readMemo(MEMO)
  return Array.isArray(memo) ? memo.flatMap((value: unknown) => parseRun(value) ?? []) : []
}

const STATUSES: readonly PastRunStatus[] = ['unchanged', 'planned', 'committed', 'refused', 'held', 'failed']

function parseRun(value: unknown): PastRun | undefined {
  if (!isJsonObject(value)) return undefined
  const status = STATUSES.find((known) => known === value['status'])
  const { command, finished, reused, relisted } = value
  const counts = readCounts(value)
  if (status === undefined || counts === undefined || typeof command !== 'string' || typeof finished !== 'string' || Number.isNaN(Date.parse(finished))) return undefined
  // The first versions noted neither of these.
  const later = { reused: readCount(reused) ?? 0, relisted: readCount(relisted) ?? 0 }
  return { command, finished, status, generation: readCount(value['generation']), ...counts, ...later, held: readHeld(value['held']), error: readError(value['error']) }
}

type Counts = Pick<PastRun, 'duration' | 'added' | 'removed' | 'fetchedBytes' | 'failed'>

function readCounts(value: Readonly<Record<string, unknown>>): Counts | undefined {
  const [duration, added, removed, fetchedBytes, failed] = ['duration', 'added', 'removed', 'fetchedBytes', 'failed'].map((key) => readCount(value[key]))
  if (duration === undefined || added === undefined || removed === undefined || fetchedBytes === undefined || failed === undefined) return undefined
  return { duration, added, removed, fetchedBytes, failed }
}

function readCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

function readHeld(value: unknown): PastRun['held'] {
  return Array.isArray(value) ? value.flatMap((one: unknown) => readOneHeld(one) ?? []) : []
}

function readOneHeld(value: unknown): PastRun['held'][number] | undefined {
  const { subdir, code, reason } = isJsonObject(value) ? value : {}
  return typeof subdir === 'string' && typeof code === 'string' && typeof reason === 'string' ? { subdir, code, reason } : undefined
}

function readError(value: unknown): PastRun['error'] {
  const { code, message } = isJsonObject(value) ? value : {}
  return typeof code === 'string' && typeof message === 'string' ? { code, message } : undefined
}
