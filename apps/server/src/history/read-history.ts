import { isMirrorError } from '@mirror/core'
import { type AuditLine, createDiskStore, type DiskStore, type PastRun, readRuns } from '@mirror/store'

/** What is known of one run. */
export interface HistoryEntry extends Omit<PastRun, 'duration' | 'fetchedBytes'> {
  /** Milliseconds; undefined where nobody took the time. */
  readonly duration: number | undefined
  /** Bytes that came from upstream; undefined where nobody noted it. */
  readonly fetchedBytes: number | undefined
  /** The generation that it made; undefined for a run that published nothing. */
  readonly made: number | undefined
}

/** How much was listed behind a commit. */
export interface Growth {
  readonly generation: number
  /** Milliseconds since 1970. */
  readonly time: number
  readonly artifacts: number
  /** Undefined where it was not noted. */
  readonly bytes: number | undefined
}

/** What is known of the runs on a channel. */
export interface History {
  /** Newest first. */
  readonly entries: readonly HistoryEntry[]
  /** Oldest first. */
  readonly growth: readonly Growth[]
  /** Generations that can be read, newest first. */
  readonly kept: readonly { readonly number: number; readonly created: string; readonly snapshots: readonly string[] }[]
}

/** As many as the store notes. */
const MOST = 500

/** Reads what a store notes of its runs, up to a generation where one is given. Undefined where there is no store that could be read. */
export async function readHistory({ root, until = Number.POSITIVE_INFINITY }: { readonly root: string; readonly until?: number | undefined }): Promise<History | undefined> {
  const store = createDiskStore({ root })
  try {
    if (await store.head() === undefined) return undefined
    const audit = (await store.audit(MOST)).filter(({ generation }) => generation <= until)
    const runs = (await readRuns(store)).filter(({ generation = 0 }) => generation <= until)
    return { entries: joinRuns(runs, audit), growth: growthOf(audit), kept: (await readKept(store)).filter(({ number }) => number <= until) }
  } catch (error) {
    if (isMirrorError(error)) return undefined
    throw error
  }
}

/** A run that was noted says more than the line of its commit; of a commit without one the line is all there is. */
function joinRuns(runs: readonly PastRun[], audit: readonly AuditLine[]): readonly HistoryEntry[] {
  const lines = new Map(audit.map((line) => [line.generation, line]))
  const noted = runs.map((run): HistoryEntry => {
    const made = run.status === 'unchanged' || run.status === 'failed' || run.status === 'refused' ? undefined : run.generation
    const duration = run.duration === 0 ? undefined : run.duration
    return { ...run, duration, made: made !== undefined && isOf(run, lines.get(made)) ? made : undefined }
  })
  const made = new Set(noted.flatMap((entry) => entry.made ?? []))
  const others = audit.filter(({ generation }) => !made.has(generation)).map(describeLine)
  return [...noted, ...others].toSorted((left, right) => compareTimes(right, left))
}

/** A run that was held may name the generation that another one made: it did not make it when it ended more than its duration behind the commit. */
function isOf({ finished, duration, status }: PastRun, line: AuditLine | undefined): boolean {
  if (status === 'committed' || line === undefined) return line !== undefined
  return Date.parse(line.time) >= Date.parse(finished) - Math.max(duration, 1000)
}

function compareTimes(left: HistoryEntry, right: HistoryEntry): number {
  return Date.parse(left.finished) - Date.parse(right.finished) || (left.generation ?? 0) - (right.generation ?? 0)
}

function describeLine({ generation, time, add, remove, reused }: AuditLine): HistoryEntry {
  return {
    command: '', finished: time, duration: undefined, status: 'committed', generation, made: generation, added: add, removed: remove, reused, relisted: 0, fetchedBytes: undefined, failed: 0, held: [], error: undefined,
  }
}

function growthOf(audit: readonly AuditLine[]): readonly Growth[] {
  return audit.map(({ generation, time, artifacts, bytes }) => ({ generation, time: Date.parse(time), artifacts, bytes }))
}

async function readKept(store: DiskStore): Promise<History['kept']> {
  const snapshots = await store.snapshots()
  return (await store.generations()).map(({ number, created }) => ({ number, created, snapshots: snapshots.filter(({ generation }) => generation === number).map(({ name }) => name) }))
}
