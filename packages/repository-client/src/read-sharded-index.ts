import { hash } from 'node:crypto'
import { assembleIndex, createIndexTableBuilder, readShard, readShardIndex, resolveBaseUrl, type Sha256, type Shard, type ShardIndex, type SubdirName } from '@mirror/core'
import type { DecodedIndex } from './decode-index.ts'
import { readError } from './failure.ts'
import { createSpool, type SpooledBytes, type SpoolOptions } from './spool.ts'
import { BodyTooLarge } from './transport.ts'

/** A compressed shard above this is refused; the largest known has 49 MB decompressed. */
export const LARGEST_SHARD = 67_108_864

/** A compressed shard index above this is refused. */
export const LARGEST_SHARD_INDEX = 134_217_728

/** What reading a sharded index needs. */
export interface ShardedIndexOptions {
  readonly subdir: SubdirName
  /** Of the subdir, for relative places of shards; ends in a slash. */
  readonly subdirUrl: string
  /** Gives a shard's compressed bytes; undefined when it is not there. `fresh`: past caches. */
  readonly fetchShard: (url: string, fresh: boolean) => Promise<Uint8Array | undefined>
  /** Shards at a time. */
  readonly concurrency: number
  readonly maximumBytes: number
  readonly spool: SpoolOptions
  readonly signal: AbortSignal | undefined
}

/**
 * Reads all shards of an index (CEP 16) and puts the document together that says the same. Every shard must be there and have the sha256 that the index gives it.
 * Throws `INDEX_UNREADABLE`, `SHARD_MALFORMED`, and what reading a document throws.
 */
export async function readShardedIndex(bytes: Uint8Array, options: ShardedIndexOptions): Promise<DecodedIndex> {
  const index = readShardIndex(bytes)
  const base = resolveBaseUrl(options.subdirUrl, index.shardsBaseUrl)
  using shards = await fetchAllShards(index, base, options)
  return assemble(index, shards, options)
}

/** Shards as they came, one behind the other. */
interface KeptShards extends Disposable {
  readonly read: (sha256: Sha256) => Shard
}

async function fetchAllShards(index: ShardIndex, base: string, options: ShardedIndexOptions): Promise<KeptShards> {
  const spool = createSpool(options.spool)
  const places = new Map<Sha256, { readonly position: number; readonly length: number }>()
  const queue = new Set(index.shards.values()).values()
  let failed = false

  async function work(): Promise<void> {
    for (const sha256 of queue) {
      if (failed) return
      options.signal?.throwIfAborted()
      const shard = await fetchOneShard(`${base}${sha256}.msgpack.zst`, sha256, options)
      if (spool.length + shard.length > options.maximumBytes) throw new BodyTooLarge()
      places.set(sha256, { position: spool.length, length: shard.length })
      spool.write(shard)
    }
  }

  const outcomes = await Promise.allSettled(Array.from({ length: options.concurrency }, () => work().catch((error: unknown) => {
    failed = true
    throw error
  })))
  const rejected = outcomes.find((outcome) => outcome.status === 'rejected')
  if (rejected !== undefined) {
    spool.abandon()
    throw rejected.reason
  }
  return keep(spool.end(), places)
}

function keep(bytes: SpooledBytes, places: ReadonlyMap<Sha256, { readonly position: number; readonly length: number }>): KeptShards {
  return {
    read(sha256) {
      const place = places.get(sha256)
      if (place === undefined) throw new Error('A shard was not fetched')
      return readShard(bytes.read(place.position, place.length), sha256)
    },
    [Symbol.dispose]: bytes.close,
  }
}

/** A shard with other bytes than the index says is fetched once more past caches. */
async function fetchOneShard(url: string, sha256: Sha256, { fetchShard }: ShardedIndexOptions): Promise<Uint8Array> {
  const first = await fetchShard(url, false)
  if (first !== undefined && hash('sha256', first) === sha256) return first
  const second = await fetchShard(url, true)
  if (second !== undefined && hash('sha256', second) === sha256) return second
  throw readError('INDEX_UNREADABLE', `Cannot read ${url}: ${second === undefined ? 'the shard index names it and it is not there' : 'it has not the sha256 that the shard index says'}`, {
    hint: 'The shard index and the shards of upstream are of different moments; try again later, and report it to the channel if it stays so.',
  })
}

function assemble(index: ShardIndex, shards: KeptShards, { subdir, maximumBytes, spool: options }: ShardedIndexOptions): DecodedIndex {
  const spool = createSpool(options)
  const builder = createIndexTableBuilder(subdir)
  try {
    assembleIndex({
      subdir,
      index,
      readShard: (name) => shards.read(digestOf(index, name)),
      write: (chunk) => {
        if (spool.length + chunk.length > maximumBytes) throw new BodyTooLarge()
        spool.write(chunk)
        builder.write(chunk)
      },
    })
    const table = builder.end()
    return { document: spool.end(), table, encoded: undefined }
  } catch (error) {
    spool.abandon()
    throw error
  }
}

function digestOf(index: ShardIndex, name: string): Sha256 {
  const sha256 = index.shards.get(name)
  if (sha256 === undefined) throw new Error('No such shard')
  return sha256
}
