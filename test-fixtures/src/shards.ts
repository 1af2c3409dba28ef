import { createHash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'

import { isJsonObject, type Json, type JsonObject, objectIn, stringIn } from './json.ts'
import { encodeMsgpack, type Packable } from './msgpack.ts'
import { compareCodePoints } from './python-json.ts'

/** How shards are written. */
export interface ShardOptions {
  readonly shardsBaseUrl: string
  readonly hashes: 'bytes' | 'hex'
  readonly runExports: ReadonlyMap<string, JsonObject> | undefined
}

/** A shard index and its shards, each a compressed file; a shard is named by its own sha256 [CEP 16]. */
export interface Shards {
  readonly index: Buffer
  readonly shards: readonly Buffer[]
}

interface Shard {
  packages: Record<string, Packable>
  'packages.conda': Record<string, Packable>
  removed?: string[]
  v3?: Record<string, Record<string, Packable>>
}

/** Splits an index document by package name. Record keys sorted, then md5, sha256, size and run_exports, as conda-index does. */
export function createShards(document: JsonObject, options: ShardOptions): Shards {
  const byName = new Map<string, Shard>()
  const shardOf = (record: JsonObject): Shard => {
    const name = stringIn(record, 'name') ?? ''
    const known = byName.get(name)
    if (known !== undefined) return known
    const created: Shard = { packages: {}, 'packages.conda': {} }
    byName.set(name, created)
    return created
  }
  for (const section of ['packages', 'packages.conda'] as const) {
    for (const [fileName, record] of sortedRecords(document, section)) {
      shardOf(record)[section][fileName] = packRecord(record, options, options.runExports?.get(fileName))
    }
  }
  addV3(document, shardOf, options)
  addRemoved(document, byName)
  return packShards(document, byName, options)
}

function addV3(document: JsonObject, shardOf: (record: JsonObject) => Shard, options: ShardOptions): void {
  const v3 = objectIn(document, 'v3')
  for (const extension of Object.keys(v3)) {
    for (const [stem, record] of sortedRecords(v3, extension)) {
      const shard = shardOf(record)
      const section = ((shard.v3 ??= {})[extension] ??= {})
      section[stem] = packRecord(record, options, options.runExports?.get(`${stem}.${extension}`))
    }
  }
}

function addRemoved(document: JsonObject, byName: ReadonlyMap<string, Shard>): void {
  const removed = document['removed']
  if (!Array.isArray(removed)) return
  for (const fileName of removed) {
    if (typeof fileName !== 'string') continue
    const shard = byName.get(fileName.split('-').slice(0, -2).join('-'))
    if (shard !== undefined) (shard.removed ??= []).push(fileName)
  }
}

function packShards(document: JsonObject, byName: ReadonlyMap<string, Shard>, options: ShardOptions): Shards {
  const shards: Buffer[] = []
  const hashes: Record<string, Packable> = {}
  for (const [name, shard] of [...byName].sort(([a], [b]) => compareCodePoints(a, b))) {
    const bytes = zstdCompressSync(encodeMsgpack({ ...shard }))
    shards.push(bytes)
    hashes[name] = createHash('sha256').update(bytes).digest()
  }
  const documentInfo = objectIn(document, 'info')
  const info: Record<string, Packable> = {
    base_url: stringIn(documentInfo, 'base_url') ?? '',
    shards_base_url: options.shardsBaseUrl,
    subdir: stringIn(documentInfo, 'subdir') ?? '',
  }
  for (const key of ['repodata_revisions', 'channel_relations']) {
    const value = documentInfo[key]
    if (value !== undefined) info[key] = toPackable(value)
  }
  return { index: zstdCompressSync(encodeMsgpack({ info, version: 1, shards: hashes })), shards }
}

const LAST_KEYS: readonly string[] = ['md5', 'sha256', 'size']

function packRecord(record: JsonObject, options: ShardOptions, runExports: JsonObject | undefined): Packable {
  const packed: Record<string, Packable> = {}
  const keys = Object.keys(record).filter((key) => !LAST_KEYS.includes(key)).sort(compareCodePoints)
  for (const key of [...keys, ...LAST_KEYS]) {
    const value = record[key]
    if (value !== undefined) packed[key] = isHash(key) && options.hashes === 'bytes' ? packHash(value) : toPackable(value)
  }
  if (runExports !== undefined) packed['run_exports'] = toPackable(runExports)
  return packed
}

function isHash(key: string): boolean {
  return key === 'md5' || key === 'sha256'
}

function packHash(value: Json): Packable {
  return typeof value === 'string' && /^(?:[0-9a-f]{2})+$/i.test(value) ? Buffer.from(value, 'hex') : toPackable(value)
}

function toPackable(value: Json): Packable {
  return value
}

function sortedRecords(parent: JsonObject, key: string): [string, JsonObject][] {
  const records: [string, JsonObject][] = []
  for (const [fileName, record] of Object.entries(objectIn(parent, key))) if (isJsonObject(record)) records.push([fileName, record])
  return records.sort(([a], [b]) => compareCodePoints(a, b))
}
