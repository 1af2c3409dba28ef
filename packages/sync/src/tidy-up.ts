import type { MirrorError } from '@mirror/core'
import type { TidyOptions, TidyReport } from '@mirror/store'
import type { SyncStore } from './options.ts'
import type { SyncRun } from './run.ts'

/** What tidying needs of a run. */
export interface TidyingRun extends Pick<SyncRun, 'grace' | 'signal' | 'observe'> {
  readonly options: Pick<SyncRun['options'], 'store' | 'maximumDeletes'>
}

/** Removes what is due; undefined while another run holds the store. */
export async function tidyUp({ options: { store, maximumDeletes }, grace, signal, observe }: TidyingRun): Promise<TidyReport | undefined> {
  const answer = await store.tidy({ grace, signal, observe, ...(maximumDeletes === undefined ? {} : { maximumDeletes }) })
  if ('status' in answer) return undefined
  observe({ type: 'tidied', deleted: answer.deleted.count, waiting: answer.waiting.count, next: answer.waiting.next })
  return answer
}

/** Removes what is due; throws what `locked` gives while another run holds the store. */
export async function tidyOrThrow({ store, grace, maximumDeletes, dryRun = false, signal, observe }: TidyOptions & { readonly store: SyncStore }, locked: () => MirrorError): Promise<TidyReport> {
  const answer = await store.tidy({
    grace, dryRun,
    ...(maximumDeletes === undefined ? {} : { maximumDeletes }), ...(signal === undefined ? {} : { signal }), ...(observe === undefined ? {} : { observe }),
  })
  if ('status' in answer) throw locked()
  return answer
}
