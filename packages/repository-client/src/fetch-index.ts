import { resolveSubdirUrl, type SubdirName } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import { conditionHeaders } from './condition-headers.ts'
import { decodeIndex } from './decode-index.ts'
import { type Answer, refusal } from './exchange.ts'
import { fetchDocumentLength } from './document-length.ts'
import { readError } from './failure.ts'
import { fetchShards } from './fetch-shards.ts'
import { type FetchedIndex, type FetchIndexResult, isWrongContent, presentIndex, unreadable, validatorsOf } from './fetched-index.ts'
import { retryFetch } from './retry-fetch.ts'
import { BodyTooLarge } from './transport.ts'
import { type IndexValidators, variantFile, variantOrder, type WholeVariant } from './variants.ts'

/** Options of `fetchIndex`. */
export interface FetchIndexOptions {
  readonly validators?: IndexValidators
  readonly signal?: AbortSignal
}

/** What came of asking for one variant. */
type VariantResult = FetchIndexResult | { readonly status: 'forbidden'; readonly error: Error }

/**
 * Fetches the index of a subdir: the first variant that upstream has, of zst, bz2, json, and shards where there is nothing else. One body is the truth of a run: a variant that is
 * there but broken is fetched once more past caches, and then it is an error, because the other variants may be of another moment (`channels.md` §4). A compressed variant that is
 * whole but not as long as upstream's `repodata.json` is stale, or of another make: then the plain document is the truth.
 */
export async function fetchIndexOverHttp(context: ClientContext, subdir: SubdirName, options: FetchIndexOptions): Promise<FetchIndexResult> {
  const { validators = {}, signal } = options
  let forbidden: Error | undefined
  for (const variant of variantOrder(validators)) {
    const conditions = variant === validators.variant ? validators : {}
    const request = { subdir, variant, conditions, signal }
    const result = await fetchAgreed(context, request)
    if (result.status === 'forbidden') forbidden = result.error
    else if (result.status !== 'absent') return result
    // Object stores answer 403 for a missing file: the plain document decides.
    if (variant === 'json' && result.status === 'forbidden') throw result.error
  }
  if (forbidden !== undefined && validators.variant === 'json') throw forbidden
  return await fetchShards(context, { subdir, validators, signal })
}

async function fetchAgreed(context: ClientContext, request: VariantRequest): Promise<VariantResult> {
  const result = await fetchVariant(context, request)
  return result.status === 'fetched' && request.variant !== 'json' ? await compareWithDocument(context, request, result.index) : result
}

/** Upstream may have published between two requests, so a variant that disagrees is looked at once more before the plain document is fetched. */
async function compareWithDocument(context: ClientContext, request: VariantRequest, index: FetchedIndex): Promise<FetchIndexResult> {
  if (await agrees(context, request, index)) return { status: 'fetched', index }
  await index.close()
  const again = await fetchVariantOnce(context, { ...request, conditions: {} }, { url: urlOf(context, request), fresh: true })
  if (again.status === 'fetched') {
    if (await agrees(context, request, again.index)) return again
    await again.index.close()
  }
  const plain = await fetchVariant(context, { ...request, variant: 'json', conditions: {} })
  if (plain.status === 'forbidden') throw plain.error
  if (plain.status !== 'fetched') return plain
  const warning = `Upstream's ${variantFile(request.variant)} of ${request.subdir} is not its repodata.json; the latter is mirrored`
  return { status: 'fetched', index: { ...plain.index, warnings: [...plain.index.warnings, warning] } }
}

async function agrees(context: ClientContext, request: VariantRequest, { document }: FetchedIndex): Promise<boolean> {
  const length = await fetchDocumentLength(context, request)
  return length === undefined || length === document.length
}

interface VariantRequest {
  readonly subdir: SubdirName
  readonly variant: WholeVariant
  readonly conditions: IndexValidators
  readonly signal: AbortSignal | undefined
}

function urlOf({ channel }: ClientContext, { subdir, variant }: VariantRequest): string {
  return `${resolveSubdirUrl(channel, subdir)}${variantFile(variant)}`
}

/** Broken bytes are fetched once more past caches; transient failures as often as the policy says. */
async function fetchVariant(context: ClientContext, request: VariantRequest): Promise<VariantResult> {
  const url = urlOf(context, request)
  try {
    return await fetchVariantOnce(context, request, { url, fresh: false })
  } catch (error) {
    if (!isWrongContent(error)) throw error
    context.observe({ type: 'retry', url, attempt: 1, reason: 'wrong-bytes', delay: 0 })
    try {
      return await fetchVariantOnce(context, request, { url, fresh: true })
    } catch (again) {
      throw isWrongContent(again) ? unreadable(url, again, context.maximumIndexBytes) : again
    }
  }
}

async function fetchVariantOnce(context: ClientContext, request: VariantRequest, { url, fresh }: { readonly url: string; readonly fresh: boolean }): Promise<VariantResult> {
  const { signal, variant } = request
  return await retryFetch(context, { url, what: variantFile(variant), signal }, async () => {
    const answer = await context.exchange.send({ url, transport: context.metadata, signal, headers: headersFor(request, fresh) })
    return await readAnswer(context, request, answer)
  })
}

function headersFor({ variant, conditions }: VariantRequest, fresh: boolean): Record<string, string> {
  return {
    ...(variant === 'json' ? { 'accept-encoding': 'gzip' } : {}),
    ...conditionHeaders(conditions),
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
    throw readError('INDEX_UNREADABLE', `Cannot read ${shown()}: it came in the content encoding ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for`, {
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
