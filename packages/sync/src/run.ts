import { NOARCH, type SubdirName } from '@mirror/core'
import { DEFAULT_LIMITS, type GuardLimits } from '@mirror/delta'
import { type Selection, selectionFingerprint } from '@mirror/selection'
import { type DerivativeChoice, NO_DERIVATIVES } from './derivatives/choice.ts'
import type { DeriveChangeOptions } from './derive-change.ts'
import { sha256Of } from './derive-index.ts'
import type { SyncEvent } from './events.ts'
import type { SyncOptions, WantedSubdir } from './options.ts'
import type { PlanSubdirOptions } from './look-at-subdir.ts'
import type { SyncReport, SyncWarning } from './report.ts'

/** One run of `syncChannel`: its options with every default filled in, and what it collects on the way. */
export interface SyncRun {
  readonly options: SyncOptions
  readonly channelName: string
  readonly wanted: readonly WantedSubdir[]
  readonly limits: GuardLimits
  readonly grace: number
  readonly concurrency: number
  readonly derivatives: DerivativeChoice
  readonly signal: AbortSignal
  readonly observe: (event: SyncEvent) => void
  /** What planning a subdir needs, but for what is published. */
  readonly planning: Omit<PlanSubdirOptions, 'published' | 'reader'>
  /** What deriving the index files of a subdir needs, but for the reader and the spool. */
  readonly deriving: Omit<DeriveChangeOptions, 'reader' | 'spool'>
  readonly warnings: SyncWarning[]
  /** The subdirs of which a file of upstream's could not be had, `undefined` for one of the whole channel: the next run looks again. */
  readonly skipped: Set<SubdirName | undefined>
  readonly started: number
  readonly now: () => number
}

const DAY = 24 * 3_600_000
/** What holds where the options say nothing. */
const STANDARD: Required<Pick<SyncOptions, 'variants' | 'derivatives' | 'reuse' | 'grace' | 'concurrency'>> = {
  variants: { zst: true, shards: true, bz2: 'upstream' }, derivatives: NO_DERIVATIVES, reuse: 'replace', grace: DAY, concurrency: 32,
}

/** Fills in the defaults. */
export function createRun(options: SyncOptions): SyncRun {
  const { channel, client, store, signal = new AbortController().signal, now = Date.now, observe = () => {} } = options
  const { variants, derivatives, reuse, grace, concurrency } = { ...STANDARD, ...options }
  const started = now()
  const run: SyncRun = {
    options,
    channelName: channel.url,
    wanted: options.noarch === false ? options.subdirs.filter(({ subdir }) => subdir !== NOARCH) : withNoarchFirst(options.subdirs),
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    grace,
    concurrency,
    derivatives,
    signal,
    observe,
    planning: { channel, client, store, reuse, grace, signal, now: started, choice: describeChoice({ variants, reuse, derivatives }, options.selection) },
    deriving: { client, variants, derivatives, signal, skip: (warning) => skip(run, warning) },
    warnings: [],
    skipped: new Set(),
    started,
    now,
  }
  return run
}

/** Everything but upstream that decides how an index is published, as a short text that changes with it. */
function describeChoice(choice: object, selection: Selection | undefined): string {
  const text = JSON.stringify(selection === undefined ? choice : { ...choice, selection: selectionFingerprint(selection) })
  return text.length <= 200 ? text : sha256Of(Buffer.from(text))
}

/** A channel without `noarch` is none (CEP 36), so it is looked at with any other, and first. */
function withNoarchFirst(subdirs: readonly WantedSubdir[]): readonly WantedSubdir[] {
  return [{ subdir: NOARCH, required: false }, ...subdirs.filter(({ subdir }) => subdir !== NOARCH)]
}

/** Adds a warning to the report and tells it. */
export function warn(run: Pick<SyncRun, 'warnings' | 'observe'>, warning: SyncWarning): void {
  if (run.warnings.some(({ code, message }) => code === warning.code && message === warning.message)) return
  run.warnings.push(warning)
  run.observe({ type: 'warning', ...warning })
}

/** Goes without a file of upstream's: warns, and notes that the next run has to look again. */
export function skip(run: SyncRun, warning: SyncWarning): void {
  run.skipped.add(warning.subdir)
  warn(run, warning)
}

/** The parts of a report that a run knows from the start. */
export function runFacts(run: SyncRun): Pick<SyncReport, 'channel' | 'duration' | 'warnings'> {
  return { channel: run.channelName, duration: run.now() - run.started, warnings: run.warnings }
}
