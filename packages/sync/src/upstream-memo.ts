import { isJsonObject, isSha256, type Sha256, type SubdirName } from '@mirror/core'
import type { IndexValidators } from '@mirror/repository-client'
import type { RuleEffect } from '@mirror/selection'
import type { Store } from '@mirror/store'
import type { LeftOut } from './report.ts'

/** A re-used name that is left out until the old bytes are gone (`reuse: after-grace`). */
export interface WaitingName {
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly until: number
}

/**
 * What a run remembers of upstream, so that the next one can ask whether anything changed. It speaks only while the published document is still the one
 * that was made then; losing it costs one unconditional fetch.
 */
export interface UpstreamMemo {
  readonly version: 1
  /** A fingerprint of everything but upstream that decided how the index reads. */
  readonly choice: string
  /** The channel's URL, without secrets; left out by earlier versions. */
  readonly url?: string
  /** Upstream's document, and what was published from it. */
  readonly upstream: Sha256
  readonly published: Sha256
  readonly validators: IndexValidators
  /** Upstream's own date of the index, milliseconds. */
  readonly modified: number | null
  readonly newest: number | null
  readonly leftOut: readonly LeftOut[]
  readonly waiting: readonly WaitingName[]
  /** What the rules of the selection did; left out when there was none. */
  readonly rules?: readonly RuleEffect[]
  /** What the channels alongside had; left out without any. */
  readonly alongside?: string
  /** When the same index would be selected otherwise, milliseconds since the epoch; left out for never. */
  readonly changesAt?: number
  /** Where upstream keeps the artifacts, without secrets; left out for beside the index. */
  readonly baseUrl?: string
}

/** Reads what is remembered of a subdir; undefined when nothing is, or when it makes no sense. */
export async function readUpstreamMemo(store: Store, subdir: SubdirName): Promise<UpstreamMemo | undefined> {
  const value = await store.readMemo(memoName(subdir))
  return isMemo(value) ? value : undefined
}

/** Remembers. Writes nothing when it is remembered so already. */
export async function writeUpstreamMemo(store: Store, subdir: SubdirName, memo: UpstreamMemo): Promise<void> {
  await store.writeMemo(memoName(subdir), memo)
}

function memoName(subdir: SubdirName): string {
  return `upstream-${subdir}`
}

function isMemo(value: unknown): value is UpstreamMemo {
  return isJsonObject(value) && value['version'] === 1 && typeof value['choice'] === 'string' && hasDigests(value) && hasLists(value)
    && isJsonObject(value['validators']) && isTime(value['modified']) && isTime(value['newest'])
}

function hasDigests(value: Readonly<Record<string, unknown>>): boolean {
  return isDigestText(value['upstream']) && isDigestText(value['published'])
}

function hasLists(value: Readonly<Record<string, unknown>>): boolean {
  const leftOut = value['leftOut']
  const waiting = value['waiting']
  const { rules = [], changesAt = 0 } = value
  return Array.isArray(leftOut) && Array.isArray(waiting) && waiting.every(isWaiting) && Array.isArray(rules) && typeof changesAt === 'number' && TEXTS.every((key) => ['string', 'undefined'].includes(typeof value[key]))
}

const TEXTS = ['alongside', 'baseUrl', 'url']

function isWaiting(value: unknown): boolean {
  return isJsonObject(value) && typeof value['name'] === 'string' && typeof value['until'] === 'number'
}

function isTime(value: unknown): boolean {
  return value === null || typeof value === 'number'
}

function isDigestText(value: unknown): boolean {
  return typeof value === 'string' && isSha256(value)
}
