import { type ByteSource, type IndexTable, isMirrorError, resolveSubdirUrl, type Sha256, type SubdirName } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import { decodeIndex, type DecodedIndex } from './decode-index.ts'
import { type Answer, refusal } from './exchange.ts'
import { describeReason, readError, TransientFailure } from './failure.ts'
import { fetchShards } from './fetch-shards.ts'
import { retrying } from './retry.ts'
import { BodyTooLarge } from './transport.ts'
import { type IndexValidators, type IndexVariant, variantFile, variantOrder, type WholeVariant } from './variants.ts'
import { BrokenEncoding } from './zstd-frames.ts'

/** One index of upstream, whole and read. Close it to give memory and disk back. */
export interface FetchedIndex extends AsyncDisposable {
  /** Where the document came from. */
  readonly variant: IndexVariant
  /** For the next `fetchIndex`. Remember them only when what follows from this index was published. */
  readonly validators: IndexValidators
  /** Upstream's own date of it, milliseconds since 1970; undefined when upstream tells none. */
  readonly modified: number | undefined
  /** The document, decoded; of `shards`, the document that says the same. Readable until `close`. */
  readonly document: ByteSource
  /** Of the document. */
  readonly sha256: Sha256
  /** The compressed body exactly as upstream sent it; undefined for `json` and `shards`. */
  readonly encoded: Uint8Array | undefined
  readonly table: IndexTable
  /** What people should know about it, as sentences. */
  readonly warnings: readonly string[]
  readonly close: () => Promise<void>
}

/** What came of `fetchIndex`. */
export type FetchIndexResult =
  /** It is what the validators were of. */
  | { readonly status: 'not-modified' }
  /** Upstream has no such subdir: no variant of its index is there. */
  | { readonly status: 'absent' }
  | { readonly status: 'fetched'; readonly index: FetchedIndex }

/** Options of `fetchIndex`. */
export interface FetchIndexOptions {
  readonly validators?: IndexValidators
  readonly signal?: AbortSignal
}

/** What came of asking for one variant. */
type VariantResult = FetchIndexResult | { readonly status: 'forbidden'; readonly error: Error }

/**
 * Fetches the index of a subdir: the first variant that upstream has, of zst, bz2, json, and shards where there is nothing else. One body is the truth of a run: a variant that is
 * there but broken is fetched once more past caches, and then it is an error, because the other variants may be of another moment (`channels.md` §4).
 */
export async function fetchIndexOverHttp(context: ClientContext, subdir: SubdirName, options: FetchIndexOptions): Promise<FetchIndexResult> {
  const { validators = {}, signal } = options
  let forbidden: Error | undefined
  for (const variant of variantOrder(validators)) {
    const conditions = variant === validators.variant ? validators : {}
    const result = await fetchVariant(context, { subdir, variant, conditions, signal })
    if (result.status === 'forbidden') forbidden = result.error
    else if (result.status !== 'absent') return result
    // Object stores answer 403 for a missing file: the plain document decides.
    if (variant === 'json' && result.status === 'forbidden') throw result.error
  }
  if (forbidden !== undefined && validators.variant === 'json') throw forbidden
  return await fetchShards(context, { subdir, validators, signal })
}

interface VariantRequest {
  readonly subdir: SubdirName
  readonly variant: WholeVariant
  readonly conditions: IndexValidators
  readonly signal: AbortSignal | undefined
}

/** Broken bytes are fetched once more past caches; transient failures as often as the policy says. */
async function fetchVariant(context: ClientContext, request: VariantRequest): Promise<VariantResult> {
  const url = `${resolveSubdirUrl(context.channel, request.subdir)}${variantFile(request.variant)}`
  try {
    return await fetchVariantOnce(context, request, url, false)
  } catch (error) {
    if (!isWrongContent(error)) throw error
    context.observe({ type: 'retry', url, attempt: 1, reason: 'wrong-bytes', delay: 0 })
    try {
      return await fetchVariantOnce(context, request, url, true)
    } catch (again) {
      throw isWrongContent(again) ? unreadable(url, again, context.maximumIndexBytes) : again
    }
  }
}

async function fetchVariantOnce(context: ClientContext, request: VariantRequest, url: string, fresh: boolean): Promise<VariantResult> {
  const { signal, variant } = request
  return await retrying(async () => {
    const answer = await context.exchange.send({ url, transport: context.metadata, signal, headers: headersFor(request, fresh) })
    return await readAnswer(context, request, answer)
  }, {
    policy: context.retry,
    signal,
    onRetry: (failure, attempt, delay) => context.observe({ type: 'retry', url, attempt, reason: failure.reason, delay }),
    giveUp: (failure, tries) => unreachable(url, failure, { tries, what: variantFile(variant) }),
  })
}

function headersFor({ variant, conditions }: VariantRequest, fresh: boolean): Record<string, string> {
  return {
    ...(variant === 'json' ? { 'accept-encoding': 'gzip' } : {}),
    ...(conditions.etag === undefined ? {} : { 'if-none-match': conditions.etag }),
    ...(conditions.lastModified === undefined ? {} : { 'if-modified-since': conditions.lastModified }),
    ...(fresh ? { 'cache-control': 'no-cache' } : {}),
  }
}

async function readAnswer(context: ClientContext, request: VariantRequest, answer: Answer): Promise<VariantResult> {
  const { status, body } = answer
  const isConditional = request.conditions.etag !== undefined || request.conditions.lastModified !== undefined
  if (status === 200) return { status: 'fetched', index: await readIndex(context, request, answer) }
  if (status === 304 && isConditional) {
    body.drain()
    return { status: 'not-modified' }
  }
  if (status === 404 || status === 410) {
    body.drain()
    return { status: 'absent' }
  }
  if (status === 403) return { status: 'forbidden', error: refusal(answer) }
  throw refusal(answer)
}

async function readIndex(context: ClientContext, { subdir, variant, signal }: VariantRequest, answer: Answer): Promise<FetchedIndex> {
  const { header, shown } = answer
  const encoding = header('content-encoding')?.trim().toLowerCase() ?? 'identity'
  const gzip = variant === 'json' && (encoding === 'gzip' || encoding === 'x-gzip')
  if (encoding !== 'identity' && encoding !== '' && !gzip) {
    answer.body.stop()
    throw readError('INDEX_UNREADABLE', `Cannot read ${shown}: it came in the content encoding ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for`, {
      hint: 'The server must send compressed files as they are, without Content-Encoding.',
    })
  }
  if (answer.length !== undefined && answer.length > context.maximumIndexBytes) {
    answer.body.stop()
    throw new BodyTooLarge()
  }
  const decoded = await decodeIndex(context.countBody(answer, signal), {
    subdir, variant, gzip, maximumBytes: context.maximumIndexBytes, spool: context.spool,
  })
  return presentIndex(decoded, variant, validatorsOf(variant, header))
}

/** The validators in the head of an answer. */
export function validatorsOf(variant: IndexVariant, header: (name: string) => string | undefined): IndexValidators {
  const etag = header('etag')
  const lastModified = header('last-modified')
  return { variant, ...(etag === undefined ? {} : { etag }), ...(lastModified === undefined ? {} : { lastModified }) }
}

/** Makes a result of what was decoded. */
export function presentIndex({ document, table, encoded }: DecodedIndex, variant: IndexVariant, validators: IndexValidators): FetchedIndex {
  const modified = validators.lastModified === undefined ? Number.NaN : Date.parse(validators.lastModified)
  const close = async (): Promise<void> => document.close()
  return {
    variant, validators, document, table, encoded, close,
    sha256: document.sha256,
    modified: Number.isNaN(modified) ? undefined : modified,
    warnings: warningsOf(table),
    [Symbol.asyncDispose]: close,
  }
}

function warningsOf({ weak, subdir, faults }: IndexTable): readonly string[] {
  return [
    ...(weak === 0 ? [] : [`${weak} records of ${subdir} have no sha256; md5 vouches for them`]),
    ...(faults.length === 0 ? [] : [`${faults.length} records of ${subdir} cannot be mirrored as they stand`]),
  ]
}

const WRONG_CONTENT: ReadonlySet<string> = new Set(['INDEX_MALFORMED', 'INDEX_IMPLAUSIBLE', 'NAME_UNSAFE', 'SHARD_MALFORMED'])

/** True when a body came whole and is not what it should be. */
export function isWrongContent(error: unknown): boolean {
  return error instanceof BrokenEncoding || error instanceof BodyTooLarge || (isMirrorError(error) && WRONG_CONTENT.has(error.code))
}

/** The error for an index that stays wrong: codes of `@mirror/core` keep theirs. */
export function unreadable(url: string, error: unknown, maximumBytes: number): unknown {
  if (error instanceof BodyTooLarge) {
    return readError('BODY_TOO_LARGE', `Cannot read ${url}: it is larger than ${maximumBytes} bytes`, {
      hint: 'If the channel really is that big, raise the limit for indexes in the configuration.',
      details: { maximumBytes },
    })
  }
  if (error instanceof BrokenEncoding) {
    return readError('INDEX_UNREADABLE', `Cannot read ${url}: ${error.message}`, {
      hint: 'Upstream or a proxy sends damaged bytes; nothing of this subdir was changed. Try again later, and report it to the channel if it stays so.',
      cause: error,
    })
  }
  return error
}

/** The error for a file of the channel that could not be had in all tries. */
export function unreachable(url: string, failure: TransientFailure, { tries, what }: { readonly tries: number; readonly what: string }): Error {
  const code = failure.reason === 'stalled' ? 'TRANSFER_STALLED' : 'CHANNEL_UNREACHABLE'
  return readError(code, `Cannot fetch ${what} from ${url}: ${failure.message || describeReason(failure.reason)}, in ${tries} tries`, {
    hint: 'Check the channel URL, the network and the proxy; what was fetched so far is kept.',
    details: { reason: failure.reason, tries },
    cause: failure,
  })
}
