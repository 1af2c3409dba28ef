import { type Artifact, type ArtifactSet, isMirrorError, type MirrorError, type SubdirName } from '@mirror/core'
import type { FailedArtifact } from '../report.ts'
import { isUpstreamFailure } from '../upstream-failure.ts'
import { spoolArtifact, type SpooledArtifact } from './spool-artifact.ts'
import type { UploadOptions } from './upload-options.ts'
import type { UploadConflict } from './upload-report.ts'

/** What is carried out. */
export interface CarryOutUploadsOptions extends Pick<UploadOptions, 'client' | 'target' | 'mirror' | 'spoolFolder'> {
  readonly uploads: readonly ArtifactSet[]
  /** Where the artifacts of a subdir lie when not beside its index. */
  readonly baseUrls: ReadonlyMap<SubdirName, string>
  readonly replace: boolean
  readonly concurrency: number
  readonly signal: AbortSignal
  readonly observe: NonNullable<UploadOptions['observe']>
}

/** What came of it. */
export interface CarriedUploads {
  readonly uploaded: { readonly artifacts: number; readonly bytes: number }
  readonly replaced: number
  readonly found: number
  readonly fetched: { readonly artifacts: number; readonly bytes: number }
  readonly copied: { readonly artifacts: number; readonly bytes: number }
  readonly conflicts: readonly UploadConflict[]
  readonly failed: readonly FailedArtifact[]
  /** What the target took in this run. */
  readonly taken: readonly Artifact[]
  /** Why it could not go on. */
  readonly stopped: MirrorError | undefined
}

interface Count {
  artifacts: number
  bytes: number
}

interface Progress {
  readonly uploaded: Count
  readonly fetched: Count
  readonly copied: Count
  replaced: number
  found: number
  readonly conflicts: UploadConflict[]
  readonly failed: FailedArtifact[]
  readonly taken: Artifact[]
}

/**
 * Uploads artifacts, several at once. One that upstream does not give or the target does not take does not stop the others: it is reported. What concerns all of them does (a
 * credential that is not taken any more, a host that fails on and on, a full disk), and what was uploaded until then stays. Throws the signal's reason when it is aborted.
 */
export async function carryOutUploads(options: CarryOutUploadsOptions): Promise<CarriedUploads> {
  const { uploads, concurrency, signal } = options
  const progress: Progress = {
    uploaded: { artifacts: 0, bytes: 0 }, fetched: { artifacts: 0, bytes: 0 }, copied: { artifacts: 0, bytes: 0 }, replaced: 0, found: 0, conflicts: [], failed: [], taken: [],
  }
  const queue = iterateSets(uploads)
  const stop = new AbortController()
  const inner = { ...options, signal: AbortSignal.any([signal, stop.signal]) }
  const work = async (): Promise<void> => {
    for (const artifact of queue) {
      if (stop.signal.aborted) return
      signal.throwIfAborted()
      await uploadOne(artifact, inner, progress)
    }
  }
  // The first one that cannot go on stops the others; what they were at ends as if interrupted.
  const settled = await Promise.allSettled(Array.from({ length: concurrency }, () => work().catch((error: unknown) => {
    if (!stop.signal.aborted) stop.abort(error)
    throw error
  })))
  signal.throwIfAborted()
  if (!settled.some(({ status }) => status === 'rejected')) return { ...progress, stopped: undefined }
  const reason: unknown = stop.signal.reason
  if (!isMirrorError(reason)) throw reason
  return { ...progress, stopped: reason }
}

function* iterateSets(sets: readonly ArtifactSet[]): Generator<Artifact> {
  for (const set of sets) yield* set
}

async function uploadOne(artifact: Artifact, options: CarryOutUploadsOptions, progress: Progress): Promise<void> {
  const { observe, signal } = options
  observe({ type: 'upload-started', artifact })
  try {
    await using spooled = await spoolArtifact(artifact, { ...options, mirror: options.mirror, folder: options.spoolFolder, baseUrl: options.baseUrls.get(artifact.subdir) })
    add(spooled.source === 'mirror' ? progress.copied : progress.fetched, artifact)
    await uploadSpooled(artifact, { ...options, spooled }, progress)
  } catch (error) {
    if (signal.aborted || !isOfOneArtifact(error)) throw error
    observe({ type: 'upload-failed', artifact, code: error.code, reason: error.message })
    progress.failed.push({ subdir: artifact.subdir, name: artifact.name, code: error.code, reason: error.message })
  }
}

async function uploadSpooled(artifact: Artifact, { target, replace, spooled, signal, observe }: CarryOutUploadsOptions & { readonly spooled: SpooledArtifact }, progress: Progress): Promise<void> {
  const { sha256, md5, file } = spooled
  const outcome = await target.upload({ artifact, sha256, md5, file, replace }, { signal })
  if (outcome.status === 'conflict') progress.conflicts.push({ subdir: artifact.subdir, name: artifact.name, wanted: artifact.digest, there: outcome.digest })
  else if (outcome.status === 'present') progress.found += 1
  else {
    add(progress.uploaded, artifact)
    progress.taken.push(artifact)
    if (outcome.status === 'replaced') progress.replaced += 1
  }
  observe({ type: 'upload-done', artifact, result: outcome.status })
}

function add(count: Count, { size }: Artifact): void {
  count.artifacts += 1
  count.bytes += size
}

const OF_ONE_ARTIFACT: ReadonlySet<string> = new Set(['ARTIFACT_UNREADABLE', 'TARGET_REFUSED', 'TARGET_UNREACHABLE', 'TARGET_FORBIDDEN', 'TARGET_NOT_FOUND'])

/** False for what the next artifact would meet just as well: nobody is helped by a thousand of the same errors. A 403 may be about one package. */
function isOfOneArtifact(error: unknown): error is MirrorError {
  if (!isMirrorError(error)) return false
  if (error.code === 'HOST_FAILING' || (error.code === 'TARGET_FORBIDDEN' && error.details['status'] === 401)) return false
  return OF_ONE_ARTIFACT.has(error.code) || isUpstreamFailure(error)
}
