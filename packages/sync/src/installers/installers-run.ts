import { DEFAULT_LIMITS, type GuardLimits } from '@mirror/delta'
import type { SyncEvent } from '../events.ts'
import { type Ground, readGround } from '../ground.ts'
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

const DAY = 24 * 3_600_000
const DEFAULT_CONCURRENCY = 4

/** Fills in the defaults. */
export function createInstallersRun(options: SyncInstallersOptions): InstallersRun {
  const { grace = DAY, concurrency = DEFAULT_CONCURRENCY, observe = () => {}, now = Date.now } = options
  const signal = options.signal ?? new AbortController().signal
  return { options, limits: { ...DEFAULT_LIMITS, ...options.limits }, grace, concurrency, signal, observe, warnings: [], started: now(), now }
}

/** Looks at the store, without its lock. What is to be verified is not believed. */
export async function readInstallersGround(run: InstallersRun): Promise<Ground> {
  const ground = await readGround(run, 'all installers are')
  return run.options.verify === true && ground.head !== undefined ? { ...ground, reader: undefined, isDistrusted: true } : ground
}
