import type { ClientContext } from './client-context.ts'
import { conditionHeaders } from './condition-headers.ts'
import { type Answer, refusal } from './exchange.ts'
import { readError, translateFailure } from './failure.ts'
import { assertFilePath } from './fetch-file.ts'
import { retryFetch } from './retry-fetch.ts'
import { BodyTooLarge } from './transport.ts'

/** What identifies a page that was fetched, so that the next fetch can ask whether it changed. Plain JSON, to be remembered as it is. */
export interface PageValidators {
  /** As upstream wrote it, quotes included. On disk: size, time and inode. */
  readonly etag?: string
  /** As upstream wrote it. */
  readonly lastModified?: string
}

/** Options of `fetchPage`. */
export interface FetchPageOptions {
  readonly signal?: AbortSignal
  readonly validators?: PageValidators
  /** More bytes are refused with `BODY_TOO_LARGE`. Default 16 MiB. */
  readonly maximumBytes?: number
}

/** What came of `fetchPage`. */
export type FetchPageResult =
  /** It is what the validators were of. */
  | { readonly status: 'not-modified' }
  | { readonly status: 'absent' }
  | { readonly status: 'fetched'; readonly bytes: Buffer; readonly validators: PageValidators }

/** The default of `maximumBytes`. */
export const LARGEST_PAGE = 16_777_216

/** Fetches the page of a folder. See `RepositoryClient.fetchPage`. */
export async function fetchPageOverHttp(context: ClientContext, folder: string, options: FetchPageOptions): Promise<FetchPageResult> {
  assertFilePath(folder)
  const { signal, validators = {} } = options
  const url = `${context.channel.url}/${folder}/`
  return await retryFetch(context, { url, what: `${folder}/`, signal }, async () => {
    const answer = await context.exchange.send({ url, transport: context.metadata, signal, headers: conditionHeaders(validators) })
    return await readAnswer(context, answer, { url, options })
  })
}

interface Reading {
  readonly url: string
  readonly options: FetchPageOptions
}

async function readAnswer(context: ClientContext, answer: Answer, { url, options }: Reading): Promise<FetchPageResult> {
  const { status, header, body } = answer
  if (status === 200) return { status: 'fetched', bytes: await collectPage(context, answer, { url, options }), validators: validatorsOf(header) }
  const { etag, lastModified } = options.validators ?? {}
  const isNotModified = status === 304 && (etag !== undefined || lastModified !== undefined)
  if (!isNotModified && status !== 404 && status !== 410) throw refusal(answer)
  body.drain()
  return { status: isNotModified ? 'not-modified' : 'absent' }
}

function validatorsOf(header: Answer['header']): PageValidators {
  const etag = header('etag')
  const lastModified = header('last-modified')
  return { ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) }
}

async function collectPage(context: ClientContext, answer: Answer, { url, options: { maximumBytes = LARGEST_PAGE, signal } }: Reading): Promise<Buffer> {
  const encoding = answer.header('content-encoding') ?? 'identity'
  try {
    if (encoding !== 'identity') throw readError('ANSWER_REFUSED', `Cannot read ${url}: it came in the content encoding ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for`)
    const bytes = await answer.body.collect(maximumBytes)
    context.observe({ type: 'bytes-received', bytes: bytes.length })
    await context.bandwidth?.take(bytes.length, signal)
    return bytes
  } catch (error) {
    answer.body.stop()
    if (error instanceof BodyTooLarge) throw readError('BODY_TOO_LARGE', `Cannot read ${url}: it is larger than ${maximumBytes} bytes`, { details: { maximumBytes } })
    throw translateFailure(error, answer.shown)
  }
}
