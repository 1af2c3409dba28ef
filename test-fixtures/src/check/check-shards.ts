import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'

import { withoutKeys } from '../json.ts'
import { decodeMsgpack, type Packable, type PackableMap } from '../msgpack.ts'
import { decompressZstd } from './decompress-zstd.ts'
import { canonical, type RecordSet } from './record-set.ts'

/** What was found of shards. */
export interface CheckedShards {
  /** Files that the shard index accounts for, itself too, relative to the subdir. */
  readonly files: readonly string[]
}

interface Context {
  readonly folder: string
  readonly subdir: string
  readonly expected: RecordSet
  readonly report: (problem: string) => void
}

const INDEX = 'repodata_shards.msgpack.zst'

/** Checks that the shards of a subdir, where it has any, exist under their hashes and list exactly what its index lists. */
export async function checkShards(context: Context): Promise<CheckedShards> {
  const bytes = await readFile(join(context.folder, INDEX)).catch(() => undefined)
  if (bytes === undefined) return { files: [] }
  const report = (problem: string): void => {
    context.report(`${INDEX}: ${problem}`)
  }
  const index = await decode(bytes).catch((error: unknown) => String(error))
  if (typeof index === 'string') {
    report(index)
    return { files: [INDEX] }
  }
  const info = mapIn(index, 'info')
  if (info['subdir'] !== context.subdir) report(`info.subdir is ${JSON.stringify(info['subdir'])}`)
  const base = relativeBase(info['shards_base_url'])
  if (relativeBase(info['base_url']) !== '') report(`info.base_url is ${JSON.stringify(info['base_url'])}`)
  if (base === undefined) {
    report(`info.shards_base_url is ${JSON.stringify(info['shards_base_url'])}`)
    return { files: [INDEX] }
  }
  return await checkListedShards(context, mapIn(index, 'shards'), base)
}

async function checkListedShards(context: Context, listed: PackableMap, base: string): Promise<CheckedShards> {
  const files = [INDEX]
  const found = new Map<string, string>()
  for (const [name, hash] of Object.entries(listed)) {
    const digest = hexOf(hash)
    const file = normalize(`${base}${digest}.msgpack.zst`)
    files.push(file)
    const shard = await readShard(join(context.folder, file), digest)
    if (typeof shard === 'string') context.report(`shard of ${JSON.stringify(name)}: ${shard}`)
    else collectRecords(shard, name, { ...context, found })
  }
  for (const key of context.expected.keys()) if (!found.has(key)) context.report(`${key}: listed in repodata.json, not in shards`)
  return { files }
}

async function readShard(path: string, digest: string): Promise<PackableMap | string> {
  const bytes = await readFile(path).catch(() => undefined)
  if (bytes === undefined) return `${digest} is missing`
  if (createHash('sha256').update(bytes).digest('hex') !== digest) return `${digest} has other bytes`
  return await decode(bytes).catch((error: unknown) => String(error))
}

function collectRecords(shard: PackableMap, name: string, context: Context & { readonly found: Map<string, string> }): void {
  for (const [key, record] of recordsOf(shard)) {
    if (record['name'] !== name) context.report(`${key}: a record of ${JSON.stringify(record['name'])} in the shard of ${JSON.stringify(name)}`)
    const text = canonical(withoutKeys(hexHashes(record), ['run_exports']))
    const expected = withoutKeys(context.expected.get(key) ?? {}, ['run_exports'])
    context.found.set(key, text)
    if (!context.expected.has(key)) context.report(`${key}: listed in shards, not in repodata.json`)
    else if (text !== canonical(expected)) context.report(`${key}: shards and repodata.json differ`)
  }
}

function recordsOf(shard: PackableMap): [key: string, record: PackableMap][] {
  const records: [string, PackableMap][] = []
  const add = (section: PackableMap, prefix: string): void => {
    for (const [key, record] of Object.entries(section)) if (isMap(record)) records.push([prefix + key, record])
  }
  add(mapIn(shard, 'packages'), 'packages/')
  add(mapIn(shard, 'packages.conda'), 'packages.conda/')
  for (const [extension, section] of Object.entries(mapIn(shard, 'v3'))) if (isMap(section)) add(section, `v3/${extension}/`)
  return records
}

async function decode(bytes: Buffer): Promise<PackableMap> {
  const value = decodeMsgpack(await decompressZstd(bytes))
  if (!isMap(value)) throw new RangeError('not a map')
  return value
}

function hexHashes(record: PackableMap): Record<string, Packable> {
  const copy: Record<string, Packable> = { ...record }
  for (const key of ['md5', 'sha256']) if (copy[key] instanceof Uint8Array) copy[key] = hexOf(copy[key])
  return copy
}

function hexOf(value: Packable): string {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function relativeBase(value: Packable | undefined): string | undefined {
  if (value === undefined || value === '' || value === '.' || value === './') return ''
  if (typeof value !== 'string' || !/^(?:\.\/)?[\w-]+\/$/.test(value)) return undefined
  return value.replace(/^\.\//, '')
}

function mapIn(parent: PackableMap, key: string): PackableMap {
  const value = parent[key]
  return isMap(value) ? value : {}
}

function isMap(value: Packable | undefined): value is PackableMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
}
