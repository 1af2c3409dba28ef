import { type Artifact, type ArtifactSet, createArtifactSetBuilder, type ArtifactSetBuilder, type SubdirName } from '@mirror/core'
import type { RepositoryClient } from '@mirror/repository-client'
import type { Transaction } from '@mirror/store'
import type { SyncEvent } from './events.ts'
import type { FailedArtifact } from './report.ts'
import { isUpstreamFailure, isWrongBytes } from './upstream-failure.ts'

/** Bytes above which a broken transfer of an earlier run is worth continuing. */
export const RESUME_FROM: number = 1024 * 1024

/** What `fetchArtifacts` needs. */
export interface FetchArtifactsOptions {
  readonly transaction: Transaction
  readonly client: RepositoryClient
  readonly missing: readonly ArtifactSet[]
  /** Where the artifacts of a subdir lie when not beside its index (`info.base_url`, CEP 15). */
  readonly baseUrls: ReadonlyMap<SubdirName, string>
  /** Trees that are looked at before upstream. Default: none. */
  readonly nearby?: readonly RepositoryClient[]
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly observe: (event: SyncEvent) => void
}

/** What came of it. */
export interface FetchedArtifacts {
  readonly artifacts: number
  readonly bytes: number
  /** What came from trees nearby; not counted above. */
  readonly copied: { readonly artifacts: number; readonly bytes: number }
  readonly failed: readonly FailedArtifact[]
}

/**
 * Puts every missing artifact into the transaction, several at once. One that cannot be had does not stop the others: it is reported. Throws what the store throws
 * (a full disk stops everything), and the signal's reason when it is aborted.
 */
export async function fetchArtifacts(options: FetchArtifactsOptions): Promise<FetchedArtifacts> {
  const { missing, concurrency, signal } = options
  const queue = iterateSets(missing)
  const failed: FailedArtifact[] = []
  const stop = new AbortController()
  // One signal of its own: to ask a composite one whether it aborted takes longer, and it is asked often.
  const forward = (): void => stop.abort(signal.reason)
  signal.addEventListener('abort', forward, { once: true })
  if (signal.aborted) forward()
  const inner = { ...options, signal: stop.signal }
  let artifacts = 0
  let bytes = 0
  const copied = { artifacts: 0, bytes: 0 }

  async function work(): Promise<void> {
    for (const artifact of queue) {
      stop.signal.throwIfAborted()
      const outcome = await fetchOne(artifact, inner)
      if (outcome === 'copied') {
        copied.artifacts += 1
        copied.bytes += artifact.size
      } else if (outcome === 'fetched') {
        artifacts += 1
        bytes += artifact.size
      } else failed.push(outcome)
    }
  }

  const workers = Array.from({ length: concurrency }, () => work().catch((error: unknown) => {
    stop.abort(error)
    throw error
  }))
  const outcomes = await Promise.allSettled(workers)
  signal.removeEventListener('abort', forward)
  signal.throwIfAborted()
  const broken = outcomes.find((outcome) => outcome.status === 'rejected' && outcome.reason === stop.signal.reason)
  if (broken?.status === 'rejected') throw broken.reason
  return { artifacts, bytes, copied, failed }
}

function* iterateSets(sets: readonly ArtifactSet[]): Generator<Artifact> {
  for (const set of sets) yield* set
}

async function fetchOne(artifact: Artifact, options: FetchArtifactsOptions): Promise<FailedArtifact | 'fetched' | 'copied'> {
  const { observe, signal } = options
  observe({ type: 'artifact-started', artifact })
  try {
    const isCopied = await copyFromNearby(artifact, options)
    if (!isCopied) await fetchAndPut(artifact, options)
    observe({ type: 'artifact-done', artifact })
    return isCopied ? 'copied' : 'fetched'
  } catch (error) {
    if (signal.aborted || !isUpstreamFailure(error)) throw error
    observe({ type: 'artifact-failed', artifact, code: error.code, reason: error.message })
    return { subdir: artifact.subdir, name: artifact.name, code: error.code, reason: error.message }
  }
}

/** False when no tree nearby has these very bytes. The store verifies them like any others. */
async function copyFromNearby(artifact: Artifact, { nearby = [], transaction, signal }: FetchArtifactsOptions): Promise<boolean> {
  for (const client of nearby) {
    try {
      const sent = await client.fetchArtifact(artifact, { signal, verify: false, reclaim: true })
      await transaction.put(artifact, sent.bytes ?? sent.body, { signal })
      return true
    } catch (error) {
      if (signal.aborted || !isUpstreamFailure(error)) throw error
    }
  }
  return false
}

/** Wrong bytes are fetched once more, past every cache; then the artifact has failed. */
async function fetchAndPut(artifact: Artifact, options: FetchArtifactsOptions): Promise<void> {
  try {
    await transfer(artifact, options, false)
  } catch (error) {
    if (options.signal.aborted || !isWrongBytes(error)) throw error
    await transfer(artifact, options, true)
  }
}

async function transfer(artifact: Artifact, options: FetchArtifactsOptions, fresh: boolean): Promise<void> {
  const { client, transaction, signal, baseUrls } = options
  const offset = fresh || artifact.size < RESUME_FROM ? 0 : await transaction.stagedBytes(artifact)
  const baseUrl = baseUrls.get(artifact.subdir)
  const sent = await client.fetchArtifact(artifact, { signal, offset, fresh, verify: false, reclaim: true, ...(baseUrl === undefined ? {} : { baseUrl }) })
  await transaction.put(artifact, sent.bytes ?? sent.body, { signal, offset: sent.offset })
}

/** Collects what the store does not have yet, a set a subdir. */
export async function collectMissing(transaction: Transaction, signal: AbortSignal): Promise<readonly ArtifactSet[]> {
  const builders = new Map<SubdirName, ArtifactSetBuilder>()
  for await (const artifact of transaction.missing(signal)) {
    const builder = builders.get(artifact.subdir) ?? createArtifactSetBuilder(artifact.subdir)
    builders.set(artifact.subdir, builder)
    builder.add(artifact)
  }
  return [...builders.values()].map((builder) => builder.build())
}
