import { createByteWriter, type ByteWriter } from '../index/byte-writer.ts'
import { MirrorError } from '../errors.ts'
import type { IndexSection } from '../index/index-types.ts'
import { compareCodePoints, jsonDumps } from '../json/json-dumps.ts'
import { isMsgpackMap, type MsgpackValue } from './msgpack-reader.ts'
import type { Shard, ShardIndex } from './read-shards.ts'
import type { SubdirName } from '../channel/subdir.ts'

/** What `assembleIndex` puts together. */
export interface AssembleIndexOptions {
  readonly subdir: SubdirName
  readonly index: ShardIndex
  /** Gives a shard of the index. Asked once for each section that the shards have, so it reads from a disk or memory, not a network. */
  readonly readShard: (name: string) => Shard
  /** Takes the document in order; a chunk is valid only during the call. */
  readonly write: (chunk: Uint8Array) => void
}

/**
 * Writes the `repodata.json` that shards stand for, for channels that have nothing else: hashes as hex, without `run_exports` (which
 * conda-index keeps out of it, `channels.md` §3.4), keys of records sorted, records in order of package and file name. Where that is
 * not the order of file names, the document is not canonical; `writeIndex` makes it so. `info` loses what is about shards. Only one
 * shard is in memory. Throws `SHARD_MALFORMED` for a record of another package, and for bytes where JSON has none.
 */
export function assembleIndex({ subdir, index, readShard, write }: AssembleIndexOptions): void {
  const names = [...index.shards.keys()].sort(compareCodePoints)
  const removed: string[] = []
  const sections = new Set<IndexSection>()
  const writer = createByteWriter(write)
  function* shards(): Generator<{ readonly name: string; readonly shard: Shard }> {
    for (const name of names) yield { name, shard: readShard(name) }
  }

  writer.putText(`{"info":${jsonDumps(assembleInfo(index, subdir))},"packages":`)
  for (const { shard } of writeRecords('packages', shards(), writer)) {
    for (const fileName of shard.removed) removed.push(fileName)
    for (const section of shard.sections.keys()) sections.add(section)
  }
  writer.putText(',"packages.conda":')
  if (sections.has('packages.conda')) drain(writeRecords('packages.conda', shards(), writer))
  else writer.putText('{}')
  writer.putText(`,"removed":${jsonDumps([...new Set(removed)].sort(compareCodePoints))},"repodata_version":${index.baseUrl === '' ? 1 : 2}`)
  const v3 = [...sections].filter((section) => section.startsWith('v3.')).sort(compareCodePoints)
  if (v3.length > 0) {
    v3.forEach((section, position) => {
      writer.putText(`${position === 0 ? ',"v3":{' : ','}${jsonDumps(section.slice(3))}:`)
      drain(writeRecords(section, shards(), writer))
    })
    writer.putText('}')
  }
  writer.putText('}')
  writer.flush()
}

function drain(shards: Iterable<unknown>): void {
  for (const shard of shards) if (shard === undefined) return
}

const ABOUT_SHARDS: ReadonlySet<string> = new Set(['shards_base_url', 'created_at'])

function assembleInfo(index: ShardIndex, subdir: SubdirName): ReadonlyMap<string, MsgpackValue> {
  const info = new Map([...index.info].filter(([key, value]) => !ABOUT_SHARDS.has(key) && !(key === 'base_url' && value === '')))
  return info.has('subdir') ? info : info.set('subdir', subdir)
}

/** Writes one section; passes the shards on. */
function* writeRecords<T extends { readonly name: string; readonly shard: Shard }>(section: IndexSection, shards: Iterable<T>, writer: ByteWriter): Generator<T> {
  let first = true
  writer.putText('{')
  for (const entry of shards) {
    const records = [...(entry.shard.sections.get(section) ?? [])].sort(([left], [right]) => compareCodePoints(left, right))
    for (const [key, record] of records) {
      writer.putText(`${first ? '' : ','}${jsonDumps(key)}:${formatRecord(entry.name, key, record)}`)
      first = false
    }
    yield entry
  }
  writer.putText('}')
}

function formatRecord(name: string, key: string, record: MsgpackValue): string {
  const what = JSON.stringify(key.slice(0, 100))
  if (!isMsgpackMap(record)) throw createAssembleError(`the record ${what} is not a map`)
  if (record.get('name') !== name) throw createAssembleError(`the shard of ${JSON.stringify(name.slice(0, 100))} has a record of another package, ${what}`)
  if (hasBytes(record)) throw createAssembleError(`the record ${what} has bytes where JSON has none`)
  return jsonDumps(new Map([...record].filter(([field]) => field !== 'run_exports')))
}

function hasBytes(value: MsgpackValue): boolean {
  if (value instanceof Uint8Array) return true
  if (isMsgpackMap(value)) return [...value.values()].some(hasBytes)
  return Array.isArray(value) && value.some(hasBytes)
}

function createAssembleError(what: string): MirrorError<'SHARD_MALFORMED'> {
  return new MirrorError('SHARD_MALFORMED', `Cannot assemble the index: ${what}`, { hint: 'Report it to the channel; nothing of this subdir was changed.' })
}

