import { type ChannelUrl, createBufferSource, createIndexTableBuilder, isMirrorError, NOARCH, type SubdirName } from '@mirror/core'
import type { ChannelState, SubdirState } from '@mirror/delta'
import type { FetchedIndex, RepositoryClient } from '@mirror/repository-client'
import type { Store, StoreReader } from '@mirror/store'
import { type OriginalIndex, sha256Of } from './derive-index.ts'
import type { ReusePolicy, WantedSubdir } from './options.ts'
import type { SubdirOutcome } from './plan-subdir.ts'
import { readUpstreamMemo, type UpstreamMemo } from './upstream-memo.ts'

/** What is known of a subdir before upstream is asked. */
export interface KnownSubdir {
  readonly subdir: SubdirName
  /** What was published last. */
  readonly base: SubdirState | undefined
  /** What was remembered of upstream, however old. */
  readonly memo: UpstreamMemo | undefined
}

/** A subdir whose index was read whole, and of which it remains to be decided what is published. */
export interface SeenSubdir extends KnownSubdir {
  readonly status: 'seen'
  readonly original: OriginalIndex
  /** Undefined for the `noarch` that is made up where upstream has none. */
  readonly fetched: FetchedIndex | undefined
}

/** What came of looking at upstream's index of a subdir: seen, or decided already. */
export type SubdirLook = SeenSubdir | Exclude<SubdirOutcome, { readonly status: 'planned' }>

/** What looking at a subdir and planning it needs. */
export interface PlanSubdirOptions {
  readonly channel: ChannelUrl
  readonly client: RepositoryClient
  readonly store: Store
  /** What was published last. */
  readonly published: ChannelState | undefined
  /** Reads it; undefined when it cannot be believed: then the indexes are planned as if nothing were there, and judged by what was. */
  readonly reader: StoreReader | undefined
  readonly choice: string
  readonly reuse: ReusePolicy
  readonly now: number
  readonly grace: number
  readonly signal: AbortSignal
}

/** How a subdir is looked at. */
export interface LookOptions extends PlanSubdirOptions {
  /** Read the index also where nothing changed, because deciding on another subdir needs it. Default false. */
  readonly always?: boolean
}

/** The least that a channel must have (CEP 36), as conda-index writes it: an index of noarch that lists nothing. */
export const EMPTY_NOARCH: Uint8Array = Buffer.from('{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"removed":[],"repodata_version":1}')

/** Looks at upstream's index of one subdir. Faults of upstream are an outcome, not an exception. What is `seen` has to be closed by `closeLook`. */
export async function lookAtSubdir(wanted: WantedSubdir, options: LookOptions): Promise<SubdirLook> {
  const { subdir } = wanted
  const base = options.published?.subdirs.find((state) => state.subdir === subdir)
  try {
    return await lookUpstream(wanted, { subdir, base, memo: await readUpstreamMemo(options.store, subdir) }, options)
  } catch (error) {
    if (options.signal.aborted || !isMirrorError(error)) throw error
    return { status: 'failed', subdir, base, held: { subdir, code: error.code, reason: error.message, hint: error.hint } }
  }
}

/** Frees what a look holds. Twice is harmless. */
export async function closeLook(look: SubdirLook): Promise<void> {
  if (look.status === 'seen') await look.fetched?.close()
}

async function lookUpstream(wanted: WantedSubdir, known: KnownSubdir, options: LookOptions): Promise<SubdirLook> {
  const { subdir, base } = known
  const memo = options.always !== true && isCurrent(known, options) ? known.memo : undefined
  const answer = await options.client.fetchIndex(subdir, { signal: options.signal, ...(memo === undefined ? {} : { validators: memo.validators }) })
  if (answer.status === 'not-modified') {
    if (memo !== undefined && base !== undefined) return { status: 'unchanged', subdir, base, memo, leftOut: memo.leftOut }
    throw new Error(`Upstream was asked without conditions for ${subdir} and answered that nothing changed`)
  }
  if (answer.status === 'absent') return lookAbsent(wanted, base, options)
  return await lookFetched(answer.index, known, options)
}

/** Whether what is remembered still speaks of what is published, and of what is wanted. */
function isCurrent({ base, memo }: KnownSubdir, { reader, choice, now }: PlanSubdirOptions): boolean {
  if (reader === undefined || base === undefined || memo === undefined) return false
  if (memo.published !== base.document.sha256 || memo.choice !== choice) return false
  return memo.waiting.every(({ until }) => until > now) && (memo.changesAt ?? Infinity) > now
}

async function lookFetched(index: FetchedIndex, known: KnownSubdir, options: LookOptions): Promise<SubdirLook> {
  const { subdir, base, memo } = known
  if (options.always !== true && base !== undefined && memo?.upstream === index.sha256 && isCurrent(known, options)) {
    await index.close()
    return { status: 'unchanged', subdir, base, memo: { ...memo, validators: index.validators, modified: index.modified ?? null }, leftOut: memo.leftOut }
  }
  const { variant, encoded } = index
  const original = {
    source: index.document, table: index.table, sha256: index.sha256, zst: variant === 'zst' ? encoded : undefined, bz2: variant === 'bz2' ? encoded : undefined,
  }
  return { status: 'seen', ...known, original, fetched: index }
}

function lookAbsent({ subdir, required }: WantedSubdir, base: SubdirState | undefined, options: PlanSubdirOptions): SubdirLook {
  if (base !== undefined && base.artifacts.count > 0) return { status: 'vanished', subdir, base }
  if (subdir === NOARCH) return lookAtMadeUpNoarch(base, options)
  if (!required) return { status: 'absent', subdir }
  const held = {
    subdir, code: 'SUBDIR_MISSING', reason: `Cannot mirror ${subdir}: the channel does not have it`,
    hint: 'Check the spelling, or take it out of the configuration.',
  }
  return { status: 'failed', subdir, base, held }
}

/** A `noarch` of our own, empty. */
export function lookAtMadeUpNoarch(base: SubdirState | undefined, options: PlanSubdirOptions): SubdirLook {
  const source = createBufferSource(EMPTY_NOARCH)
  const builder = createIndexTableBuilder(NOARCH)
  builder.write(EMPTY_NOARCH)
  const original = { source, table: builder.end(), sha256: sha256Of(EMPTY_NOARCH), zst: undefined, bz2: undefined }
  if (options.reader !== undefined && base?.document.sha256 === original.sha256) return { status: 'unchanged', subdir: NOARCH, base, memo: undefined, leftOut: [] }
  return { status: 'seen', subdir: NOARCH, base, memo: undefined, original, fetched: undefined }
}
