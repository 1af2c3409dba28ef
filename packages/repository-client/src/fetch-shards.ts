import { resolveSubdirUrl, type SubdirName } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import { conditionHeaders } from './condition-headers.ts'
import { type Answer, refusal } from './exchange.ts'
import { fetchUrl } from './fetch-file.ts'
import { type FetchIndexResult, isWrongContent, presentIndex, unreadable, validatorsOf } from './fetched-index.ts'
import { LARGEST_SHARD, LARGEST_SHARD_INDEX, readShardedIndex } from './read-sharded-index.ts'
import { retryFetch } from './retry-fetch.ts'
import { BodyTooLarge } from './transport.ts'
import { type IndexValidators, variantFile } from './variants.ts'

/** What `fetchShards` needs. */
export interface FetchShardsRequest {
  readonly subdir: SubdirName
  readonly validators: IndexValidators
  readonly signal: AbortSignal | undefined
}

/** Fetches an index in shards, for channels that have nothing else. Its validators are those of the shard index, which names all shards by their hash. */
export async function fetchShards(context: ClientContext, request: FetchShardsRequest): Promise<FetchIndexResult> {
  const subdirUrl = resolveSubdirUrl(context.channel, request.subdir)
  const url = `${subdirUrl}${variantFile('shards')}`
  try {
    const found = await fetchShardIndex(context, request, url)
    if ('status' in found) return found
    const { subdir, signal } = request
    const { concurrency, maximumIndexBytes: maximumBytes, spool } = context
    const decoded = await readShardedIndex(found.bytes, {
      subdir, subdirUrl, concurrency, maximumBytes, spool, signal,
      fetchShard: async (shard, fresh) => fetchUrl(context, shard, { fresh, maximumBytes: LARGEST_SHARD, ...(signal === undefined ? {} : { signal }) }),
    })
    return { status: 'fetched', index: presentIndex(decoded, 'shards', found.validators) }
  } catch (error) {
    throw isWrongContent(error) ? unreadable(url, error, context.maximumIndexBytes) : error
  }
}

interface FoundShardIndex {
  readonly bytes: Buffer
  readonly validators: IndexValidators
}

type Found = FoundShardIndex | { readonly status: 'absent' | 'not-modified' }

async function fetchShardIndex(context: ClientContext, { validators, signal }: FetchShardsRequest, url: string): Promise<Found> {
  const headers = conditionHeaders(validators.variant === 'shards' ? validators : {})
  return await retryFetch(context, { url, what: variantFile('shards'), signal }, async () => {
    const answer = await context.exchange.send({ url, transport: context.metadata, signal, headers })
    return await readAnswer(context, answer, { isConditional: Object.keys(headers).length > 0, signal })
  })
}

async function readAnswer(context: ClientContext, answer: Answer, { isConditional, signal }: { readonly isConditional: boolean; readonly signal: AbortSignal | undefined }): Promise<Found> {
  const { status, body, header } = answer
  if (status === 404 || status === 410 || status === 403) {
    body.drain()
    return { status: 'absent' }
  }
  if (status === 304 && isConditional) {
    body.drain()
    return { status: 'not-modified' }
  }
  if (status !== 200) throw refusal(answer)
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of context.countBody(answer, signal)) {
    length += chunk.length
    if (length > LARGEST_SHARD_INDEX) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return { bytes: Buffer.concat(chunks), validators: validatorsOf('shards', header) }
}
