import { createHash, hash as hashOnce, type Hash } from 'node:crypto'
import { type Artifact, digestKind, resolveArtifactUrl } from '@mirror/core'
import { assertDigest, assertWhole, attempts, broken, isWrongBytes, type Job, sendJob, shownUrl, sizeMismatch, truncated } from './artifact-job.ts'
import type { ClientContext } from './client-context.ts'
import type { Answer } from './exchange.ts'
import { TransientFailure, translateFailure } from './failure.ts'
import { BodyTooLarge } from './transport.ts'

/** An artifact on its way. */
export interface FetchedArtifact {
  /** Bytes of the whole artifact. */
  readonly size: number
  /** Where `body` starts: the offset that was asked for, or 0 when upstream would not continue there. */
  readonly offset: number
  /** The whole artifact at once, where it is small and starts at 0; `body` gives the same. */
  readonly bytes: Buffer | undefined
  /**
   * The bytes from `offset`, once; never more than the size. Read it to its end or stop iterating, which closes the connection. Throws when it cannot be completed: `TRANSFER_BROKEN` and
   * `TRANSFER_STALLED` (fetch again, at the offset that was reached), `SIZE_MISMATCH` and `DIGEST_MISMATCH` (fetch again with `fresh`).
   */
  readonly body: AsyncIterable<Uint8Array>
}

/** Options of `fetchArtifact`. */
export interface FetchArtifactOptions {
  readonly signal?: AbortSignal
  /** Continue here: bytes that an earlier, broken transfer left. Default 0. */
  readonly offset?: number
  /** Where the artifacts of the subdir lie (`resolveBaseUrl` of `@mirror/core`), ending in a slash. Default: beside the index. */
  readonly baseUrl?: string
  /** Ask caches on the way to look again: for bytes that were wrong. */
  readonly fresh?: boolean
  /** Hash while bytes pass and compare at the end. Default true; false for whoever hashes anyway. Bytes before `offset` are not seen, so an offset above 0 leaves only the size. */
  readonly verify?: boolean
  /**
   * Give the memory of each piece of `body` back when the next one is asked for, instead of leaving it to be collected, which takes a third of the time of a large
   * transfer. For whoever keeps no piece: afterwards a piece is empty. Default false.
   */
  readonly reclaim?: boolean
}

/** Up to this size an artifact is fetched and checked whole before the call returns. */
export const SMALL_ARTIFACT = 262_144

/** After so many bytes of progress, a transfer has all its tries again. */
const PROGRESS = 1_048_576

/** Fetches one artifact as upstream has it. See `RepositoryClient.fetchArtifact`. */
export async function fetchArtifactOverHttp(context: ClientContext, artifact: Artifact, options: FetchArtifactOptions): Promise<FetchedArtifact> {
  const { baseUrl } = options
  const url = baseUrl === undefined ? resolveArtifactUrl(context.channel, artifact.subdir, artifact.name) : `${baseUrl}${artifact.name}`
  return await fetchBytesOverHttp({ context, artifact, url, options })
}

/** Fetches bytes whose size and digest are known, from wherever they are. */
export async function fetchBytesOverHttp(wanted: Omit<Job, 'verify'>): Promise<FetchedArtifact> {
  const { artifact, options: { offset = 0, verify = true } } = wanted
  const job: Job = { ...wanted, verify: verify && offset === 0 }
  if (offset > 0 && offset === artifact.size) return { size: artifact.size, offset, bytes: undefined, body: emptyBody() }
  if (artifact.size <= SMALL_ARTIFACT && offset === 0) {
    const bytes = await fetchSmall(job)
    return { size: artifact.size, offset: 0, bytes, body: bodyOfBytes(bytes) }
  }
  return await fetchLarge(job, offset > artifact.size ? 0 : offset)
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {
  // No bytes are left.
}

async function* bodyOfBytes(bytes: Buffer): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}

/** Wrong bytes are fetched once more past caches, then they are an error. */
async function fetchSmall(job: Job): Promise<Buffer> {
  try {
    return await collectOnce(job, job.options.fresh ?? false)
  } catch (error) {
    if (!isWrongBytes(error) || job.options.fresh === true) throw error
    job.context.observe({ type: 'retry', url: shownUrl(job), attempt: 1, reason: 'wrong-bytes', delay: 0 })
    return await collectOnce(job, true)
  }
}

async function collectOnce(job: Job, fresh: boolean): Promise<Buffer> {
  const { context, artifact, options: { signal }, verify } = job
  return await attempts(job, async () => {
    const answer = await sendJob(job, fresh ? NO_CACHE : {})
    assertWhole(job, answer)
    const bytes = await collectBody(job, answer)
    if (bytes.length < artifact.size) throw answer.length === artifact.size ? truncated(bytes.length, artifact.size) : sizeMismatch(job, bytes.length)
    if (verify) assertDigest(job, hashOnce(digestKind(artifact.digest), bytes, 'hex'))
    signal?.throwIfAborted()
    context.observe({ type: 'bytes-received', bytes: bytes.length })
    return bytes
  })
}

async function collectBody(job: Job, answer: Answer): Promise<Buffer> {
  const { context: { bandwidth }, artifact, options: { signal } } = job
  try {
    const bytes = await answer.body.collect(artifact.size)
    await bandwidth?.take(bytes.length, signal)
    return bytes
  } catch (error) {
    if (error instanceof BodyTooLarge) throw sizeMismatch(job, undefined)
    signal?.throwIfAborted()
    throw translateFailure(error, answer.shown)
  }
}

const NO_CACHE: Readonly<Record<string, string>> = { 'cache-control': 'no-cache' }

async function fetchLarge(job: Job, offset: number): Promise<FetchedArtifact> {
  const opened = await openAt(job, offset)
  return { size: job.artifact.size, offset: opened.offset, bytes: undefined, body: readLarge(job, opened) }
}

interface Opened {
  readonly answer: Answer
  readonly offset: number
  /** A strong validator of what is being read. */
  readonly etag: string | undefined
}

/** Opens the transfer at the offset, or at 0 when upstream does not continue it. A wrong size is asked for once more past caches. */
async function openAt(job: Job, offset: number): Promise<Opened> {
  const { options: { fresh = false } } = job
  const headers = fresh ? NO_CACHE : {}
  if (offset > 0) {
    const opened = await attempts(job, async () => {
      const answer = await sendJob(job, { ...headers, range: `bytes=${offset}-` })
      return matchesRange(job, answer, offset) ? openedOf(answer, offset) : openedWhole(job, answer)
    })
    if (opened !== undefined) return opened
  }
  try {
    return await attempts(job, async () => openWhole(job, headers))
  } catch (error) {
    if (!isWrongBytes(error) || fresh) throw error
    job.context.observe({ type: 'retry', url: shownUrl(job), attempt: 1, reason: 'wrong-bytes', delay: 0 })
    return await attempts(job, async () => openWhole(job, NO_CACHE))
  }
}

async function openWhole(job: Job, headers: Readonly<Record<string, string>>): Promise<Opened> {
  const answer = await sendJob(job, headers)
  assertWhole(job, answer)
  return openedOf(answer, 0)
}

/** A 200 in answer to a range starts at 0; anything else is not what was asked for. */
function openedWhole(job: Job, answer: Answer): Opened | undefined {
  if (answer.status === 200 && answer.length === job.artifact.size) return openedOf(answer, 0)
  answer.body.stop()
  return undefined
}

function openedOf(answer: Answer, offset: number): Opened {
  const etag = answer.header('etag')
  return { answer, offset, etag: etag?.startsWith('"') === true ? etag : undefined }
}

/** How far a large transfer is. */
interface Progress {
  position: number
  /** Where its tries were counted from. */
  countedFrom: number
  failures: number
}

/** Passes the bytes on, counts and hashes them, and goes on where a broken connection stopped. */
async function* readLarge(job: Job, first: Opened): AsyncGenerator<Uint8Array> {
  const { artifact, context, options: { signal } } = job
  const hasher = job.verify && first.offset === 0 ? createHash(digestKind(artifact.digest)) : undefined
  const progress: Progress = { position: first.offset, countedFrom: first.offset, failures: 0 }
  let answer = first.answer
  while (progress.position < artifact.size) {
    try {
      for await (const chunk of context.countBody(answer, signal)) {
        takeChunk(job, chunk, { progress, hasher })
        yield chunk
        giveBack(job, chunk)
      }
      if (progress.position < artifact.size) throw truncated(progress.position, artifact.size)
    } catch (error) {
      if (!(error instanceof TransientFailure)) throw error
      if (progress.position < artifact.size) answer = await resume(job, { etag: first.etag, failure: error, ...countFailure(progress) })
    }
  }
  if (hasher !== undefined) assertDigest(job, hasher.digest('hex'))
}

function takeChunk(job: Job, chunk: Uint8Array, { progress, hasher }: { readonly progress: Progress; readonly hasher: Hash | undefined }): void {
  if (progress.position + chunk.length > job.artifact.size) throw sizeMismatch(job, undefined)
  hasher?.update(chunk)
  progress.position += chunk.length
}

/** Less than this may lie in memory that is shared with others. */
const OWN_MEMORY = 16_384

/** For `reclaim`: only where a piece is the last in its memory, because behind it the connection may have more. */
function giveBack({ options: { reclaim = false } }: Job, { buffer, byteOffset, byteLength }: Uint8Array): void {
  if (reclaim && byteLength >= OWN_MEMORY && buffer instanceof ArrayBuffer && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0)
}

function countFailure(progress: Progress): { readonly position: number; readonly failures: number } {
  const { position, countedFrom, failures } = progress
  progress.failures = position - countedFrom >= PROGRESS ? 1 : failures + 1
  progress.countedFrom = position
  return { position, failures: progress.failures }
}

interface Interruption {
  readonly etag: string | undefined
  readonly position: number
  readonly failure: TransientFailure
  readonly failures: number
}

/** Continues a broken transfer, if upstream can say that the rest is of the same bytes: by a strong ETag and `If-Range` (RFC 9110 §13.1.5). */
async function resume(job: Job, { etag, position, failure, failures }: Interruption): Promise<Answer> {
  const { context: { retry, observe }, options: { signal }, artifact } = job
  signal?.throwIfAborted()
  if (etag === undefined) throw broken(job, failure, 'upstream gives no strong ETag to continue it by')
  if (failures >= retry.tries) throw broken(job, failure, `it broke ${failures} times`)
  const delay = Math.round(retry.random() * Math.min(retry.maximum, retry.base * 2 ** (failures - 1)))
  observe({ type: 'retry', url: shownUrl(job), attempt: failures, reason: failure.reason, delay })
  await retry.sleep(delay, signal)
  const answer = await attempts(job, async () => sendJob(job, { range: `bytes=${position}-`, 'if-range': etag }))
  if (!matchesRange(job, answer, position) || (answer.header('etag') ?? etag) !== etag) {
    answer.body.stop()
    throw broken(job, failure, `upstream answered ${answer.status} to a request for the rest of ${artifact.size} bytes`)
  }
  observe({ type: 'resumed', url: shownUrl(job), offset: position })
  return answer
}

/** A 206 with exactly the bytes from `offset` to the end of a file of the right size. */
function matchesRange({ artifact: { size } }: Job, { status, header, length }: Answer, offset: number): boolean {
  return status === 206 && header('content-range')?.trim() === `bytes ${offset}-${size - 1}/${size}` && (length === undefined || length === size - offset)
}
