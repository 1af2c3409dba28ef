import { DEFAULT_LIMITS, type GuardLimits } from '@mirror/delta'
import type { Generation, StoreReader, TidyReport } from '@mirror/store'
import type { SyncEvent } from '../events.ts'
import type { SyncWarning } from '../report.ts'
import type { SyncInstallersOptions } from './installers-options.ts'

/** One run of `syncInstallers`: its options with every default filled in, and what it collects on the way. */
export interface InstallersRun {
  readonly options: SyncInstallersOptions
  readonly limits: Pick<GuardLimits, 'allowEmpty' | 'shrinkRecords'>
  readonly grace: number
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly observe: (event: SyncEvent) => void
  readonly warnings: SyncWarning[]
  readonly started: number
  readonly now: () => number
}

/** What a round starts from. */
export interface InstallersGround {
  readonly head: Generation | undefined
  /** Reads what is published; undefined when nothing is, or when it cannot be believed. */
  readonly reader: StoreReader | undefined
  /** Someone changed the public files: all of them are verified again. */
  readonly isDistrusted: boolean
}

const DAY = 24 * 3_600_000
const DEFAULT_CONCURRENCY = 4

/** Fills in the defaults. */
export function createInstallersRun(options: SyncInstallersOptions): InstallersRun {
  const { grace = DAY, concurrency = DEFAULT_CONCURRENCY, observe = () => {}, now = Date.now } = options
  const signal = options.signal ?? new AbortController().signal
  return { options, limits: { ...DEFAULT_LIMITS, ...options.limits }, grace, concurrency, signal, observe, warnings: [], started: now(), now }
}

/** Adds a warning to the report and tells it, once. */
export function warnOf(run: InstallersRun, code: string, message: string): void {
  if (run.warnings.some((warning) => warning.message === message)) return
  const warning = { code, message, subdir: undefined }
  run.warnings.push(warning)
  run.observe({ type: 'warning', ...warning })
}

/** Looks at the store, without its lock. */
export async function readInstallersGround(run: InstallersRun): Promise<InstallersGround> {
  const { store } = run.options
  const head = await store.head()
  const found = head === undefined ? undefined : await store.publicState?.()
  if (found?.status === 'changed') {
    const [first = '', ...others] = found.paths
    warnOf(run, 'PUBLIC_FILES_CHANGED', `Someone changed ${first}${others.length === 0 ? '' : ` and ${others.length} others`} in the mirror; all installers are verified again`)
    return { head, reader: undefined, isDistrusted: true }
  }
  if (head === undefined || run.options.verify === true) return { head, reader: undefined, isDistrusted: head !== undefined }
  return { head, reader: await store.read(head.number), isDistrusted: false }
}

/** Removes what is due; undefined while another run holds the store. */
export async function tidyInstallers({ options, grace, signal, observe }: InstallersRun): Promise<TidyReport | undefined> {
  const answer = await options.store.tidy({ grace, signal, observe, ...(options.maximumDeletes === undefined ? {} : { maximumDeletes: options.maximumDeletes }) })
  if ('status' in answer) return undefined
  observe({ type: 'tidied', deleted: answer.deleted.count, waiting: answer.waiting.count, next: answer.waiting.next })
  return answer
}
