import type { DeltaTotals } from '@mirror/delta'
import { createDiskStore } from '@mirror/store'
import type { FoundFile } from '../found-file.ts'
import type { TakeAwayJob, TakeAwayPlan } from './plan-take-away.ts'

/** A delta that is ready to be sent. */
export interface ReadyTakeAway {
  readonly status: 'ready'
  readonly file: FoundFile
  /** Its own name; undefined where nothing changed. */
  readonly seal: string | undefined
  readonly totals: DeltaTotals
  /** The other side has some of the channel. */
  readonly isKnown: boolean
}

/** What came of asking for one. */
export type TakeAway =
  | ReadyTakeAway
  | Exclude<TakeAwayPlan, { readonly status: 'planned' }>
  /** Others are being made, and others again wait. */
  | { readonly status: 'busy' }
  /** It is being made: ask again. */
  | { readonly status: 'making' }

/** The deltas that somebody wants. */
export interface TakeAways {
  /** Waits for as long as `patience` says, in milliseconds. */
  readonly open: (key: string, job: TakeAwayJob, patience: number) => Promise<TakeAway>
}

/** What `createTakeAways` needs. */
export interface TakeAwaysOptions {
  readonly plan: (job: TakeAwayJob) => Promise<TakeAwayPlan>
}

/** Those that were wanted last are kept: a delta of 250,000 files takes some 100 MB. */
const KEPT = 3
const LIFETIME = 600_000
const WAITING = 8

interface Entry {
  readonly made: Promise<TakeAway>
  timer: NodeJS.Timeout | undefined
}

/** Creates a place where deltas are planned, one at a time, and kept for ten minutes from when they were wanted last. What fails is not kept. */
export function createTakeAways({ plan }: TakeAwaysOptions): TakeAways {
  const entries = new Map<string, Entry>()
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function forget(key: string): void {
    clearTimeout(entries.get(key)?.timer)
    entries.delete(key)
  }

  async function make(job: TakeAwayJob): Promise<TakeAway> {
    waiting += 1
    const turn = last.then(async () => await plan(job)).finally(() => { waiting -= 1 })
    last = turn.catch(() => undefined)
    const planned = await turn
    return planned.status === 'planned' ? await prepare(job, planned) : planned
  }

  function start(key: string, job: TakeAwayJob): Entry {
    const made = make(job)
    const entry: Entry = { made, timer: undefined }
    entries.set(key, entry)
    const settle = (isReady: boolean): void => {
      if (!isReady && entries.get(key) === entry) forget(key)
    }
    made.then(({ status }) => settle(status === 'ready'), () => settle(false))
    return entry
  }

  function keep(key: string, entry: Entry): void {
    entries.delete(key)
    entries.set(key, entry)
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => forget(key), LIFETIME).unref()
    const [oldest] = entries.keys()
    if (entries.size > KEPT + waiting && oldest !== undefined) forget(oldest)
  }

  return {
    async open(key, job, patience) {
      const known = entries.get(key)
      if (known === undefined && waiting >= WAITING) return { status: 'busy' }
      const entry = known ?? start(key, job)
      keep(key, entry)
      return await within(entry.made, patience)
    },
  }
}

async function within(made: Promise<TakeAway>, patience: number): Promise<TakeAway> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<TakeAway>((resolve) => {
    timer = setTimeout(() => resolve({ status: 'making' }), patience)
  })
  try {
    return await Promise.race([made, over])
  } finally {
    clearTimeout(timer)
  }
}

/** Its bytes are made when they are wanted, out of the generation. */
async function prepare({ root, target }: TakeAwayJob, { delta, isKnown }: Extract<TakeAwayPlan, { status: 'planned' }>): Promise<TakeAway> {
  const reader = await createDiskStore({ root }).read(target)
  if (reader === undefined) return { status: 'gone' }
  const { generationMembers, layoutTar } = await import('@mirror/difftar')
  const { size, tag, read } = layoutTar(generationMembers(reader, delta))
  const etag = tag.slice(0, 32)
  const file: FoundFile = { name: 'take-away.tar', size, etag, mark: etag, modified: Date.parse(reader.generation.created), freshness: 'index', read }
  return { status: 'ready', file, seal: delta.seal, totals: delta.totals, isKnown }
}
