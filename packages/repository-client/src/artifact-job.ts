import { type Artifact, digestHex, digestKind, redactUrl } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import { type Answer, refusal } from './exchange.ts'
import { describeReason, readError, TransientFailure } from './failure.ts'
import type { FetchArtifactOptions } from './fetch-artifact.ts'
import { retrying } from './retry.ts'

/** One artifact, or another file that a list of upstream names, to fetch. */
export interface Job {
  readonly context: ClientContext
  readonly artifact: Pick<Artifact, 'digest' | 'size'>
  readonly url: string
  readonly options: FetchArtifactOptions
  /** Hash it, and compare. */
  readonly verify: boolean
}

/** The URL for messages: a base URL is the caller's, and might have a secret. */
export function shownUrl({ url }: Job): string {
  return redactUrl(url)
}

/** Asks for the artifact once. Gives 200, and to a range 206 and 416; throws for all else. */
export async function sendJob(job: Job, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const { context, url, options: { signal } } = job
  const answer = await context.exchange.send({ url, transport: context.bulk, signal, headers })
  const { status, body } = answer
  if (status === 200 || ((status === 206 || status === 416) && 'range' in headers)) return answer
  if (status === 404 || status === 410) {
    body.drain()
    throw readError('ARTIFACT_MISSING', `Cannot fetch ${answer.shown()}: upstream lists it and answers ${status}`, {
      hint: 'The index and the files of upstream are of different moments; it is usually mended within hours.',
      details: { status },
    })
  }
  throw refusal(answer)
}

/** Throws `SIZE_MISMATCH` where the announced length is another one, before a byte of it is read. */
export function assertWhole(job: Job, { length, header, body, shown }: Answer): void {
  const encoding = header('content-encoding')
  if (encoding !== undefined && encoding !== 'identity') {
    body.stop()
    throw readError('ANSWER_REFUSED', `Cannot fetch ${shown()}: it came in the content encoding ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for`, {
      hint: 'The server or a proxy must send artifacts as they are.',
    })
  }
  if (length === undefined || length === job.artifact.size) return
  body.stop()
  throw sizeMismatch(job, length)
}

/** Repeats an attempt on one artifact as the policy says. */
export function attempts<T>(job: Job, attempt: () => Promise<T>): Promise<T> {
  const { context: { retry, observe }, options: { signal } } = job
  return retrying(attempt, {
    policy: retry,
    signal,
    onRetry: (failure, number, delay) => observe({ type: 'retry', url: shownUrl(job), attempt: number, reason: failure.reason, delay }),
    giveUp: (failure, tries) => readError(failure.reason === 'stalled' ? 'TRANSFER_STALLED' : 'ARTIFACT_UNREACHABLE',
      `Cannot fetch ${shownUrl(job)}: ${failure.message || describeReason(failure.reason)}, in ${tries} tries`, {
        hint: 'Run the command again later; what was fetched so far is kept.',
        details: { reason: failure.reason, tries },
        cause: failure,
      }),
  })
}

/** The failure of a body that ended early. */
export function truncated(received: number, size: number): TransientFailure {
  return new TransientFailure('truncated', `the body has ${received} of ${size} bytes`)
}

/** The error for a transfer that cannot be continued. */
export function broken(job: Job, failure: TransientFailure, why: string): Error {
  return readError(failure.reason === 'stalled' ? 'TRANSFER_STALLED' : 'TRANSFER_BROKEN', `Cannot continue ${shownUrl(job)}: ${failure.message || describeReason(failure.reason)}, and ${why}`, {
    hint: 'It is fetched again from its start.',
    details: { reason: failure.reason },
    cause: failure,
  })
}

/** The error for too many or too few bytes; undefined: more than there may be. */
export function sizeMismatch(job: Job, received: number | undefined): Error {
  const found = received === undefined ? 'more' : `${received}`
  return readError('SIZE_MISMATCH', `Cannot use ${shownUrl(job)}: it has ${found} bytes, and the index says ${job.artifact.size}`, {
    hint: 'Upstream re-used the name or a proxy answered in its place; nothing of it was kept.',
    details: { expected: job.artifact.size, received },
  })
}

/** Throws `DIGEST_MISMATCH` unless the hash is the artifact's. */
export function assertDigest(job: Job, hex: string): void {
  const { artifact } = job
  if (hex === digestHex(artifact.digest)) return
  throw readError('DIGEST_MISMATCH', `Cannot use ${shownUrl(job)}: its ${digestKind(artifact.digest)} is not what the index says`, {
    hint: 'Upstream re-used the name or the bytes were damaged on the way; nothing of it was kept.',
    details: { expected: digestHex(artifact.digest), received: hex },
  })
}

/** True for errors that a fetch past caches may mend. */
export function isWrongBytes(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'SIZE_MISMATCH' || error.code === 'DIGEST_MISMATCH')
}
