import type { ClientContext } from './client-context.ts'
import { type Answer, refusal } from './exchange.ts'
import { readError, translateFailure } from './failure.ts'
import { retryFetch } from './retry-fetch.ts'
import { BodyTooLarge } from './transport.ts'

/** Options of `fetchFile`. */
export interface FetchFileOptions {
  readonly signal?: AbortSignal
  /** More bytes are refused with `BODY_TOO_LARGE`. Default 256 MiB. */
  readonly maximumBytes?: number
  /** Ask caches on the way to look again. */
  readonly fresh?: boolean
}

/** The default of `maximumBytes`. */
export const LARGEST_FILE = 268_435_456

/** Fetches a file by its path from the channel's root. See `RepositoryClient.fetchFile`. */
export async function fetchFileOverHttp(context: ClientContext, path: string, options: FetchFileOptions): Promise<Buffer | undefined> {
  assertFilePath(path)
  return await fetchUrl(context, `${context.channel.url}/${path}`, options)
}

/** Fetches a whole file by its URL; undefined for 404, 410, and 403 (which object stores answer for a missing file). */
export async function fetchUrl(context: ClientContext, url: string, options: FetchFileOptions): Promise<Buffer | undefined> {
  const { signal, maximumBytes = LARGEST_FILE, fresh = false } = options
  return await retryFetch(context, { url, what: url.slice(url.lastIndexOf('/') + 1), signal }, async () => {
    const answer = await context.exchange.send({ url, transport: context.bulk, signal, headers: fresh ? { 'cache-control': 'no-cache' } : {} })
    if (answer.status === 200) return await collectFile(context, answer, { url, maximumBytes, signal })
    if (!MISSING.has(answer.status)) throw refusal(answer)
    answer.body.drain()
    return undefined
  })
}

const MISSING: ReadonlySet<number> = new Set([403, 404, 410])

interface CollectOptions {
  readonly url: string
  readonly maximumBytes: number
  readonly signal: AbortSignal | undefined
}

async function collectFile(context: ClientContext, { body, length = 0, shown }: Answer, { url, maximumBytes, signal }: CollectOptions): Promise<Buffer> {
  if (length > maximumBytes) {
    body.stop()
    throw tooLarge(url, maximumBytes)
  }
  try {
    const bytes = await body.collect(maximumBytes)
    context.observe({ type: 'bytes-received', bytes: bytes.length })
    await context.bandwidth?.take(bytes.length, signal)
    return bytes
  } catch (error) {
    if (error instanceof BodyTooLarge) throw tooLarge(url, maximumBytes)
    throw translateFailure(error, shown)
  }
}

/** Throws a RangeError unless the path is plain: segments joined by `/`, none of them `.` or `..`. Paths are ours, so anything else is a bug. */
export function assertFilePath(path: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.+!-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_.+!-]*)*$/.test(path)) return
  throw new RangeError(`Not a plain path in a channel: ${JSON.stringify(path)}`)
}

function tooLarge(url: string, maximumBytes: number): Error {
  return readError('BODY_TOO_LARGE', `Cannot read ${url}: it is larger than ${maximumBytes} bytes`, { details: { maximumBytes } })
}
