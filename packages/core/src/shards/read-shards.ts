import { isSha256, type Sha256 } from '../digest.ts'
import { MirrorError } from '../errors.ts'
import type { IndexSection } from '../index/index-types.ts'
import { hashSha256, loadZlib } from './builtins.ts'
import { isMsgpackMap, type MsgpackMap, type MsgpackValue, readMsgpack } from './msgpack-reader.ts'

/** `repodata_shards.msgpack.zst`: which shard has the records of a package. */
export interface ShardIndex {
  /** `info.subdir`, unchecked. */
  readonly subdir: string | undefined
  /** Where the artifacts are, as it stands: absolute, or relative to the index; "" for beside it. */
  readonly baseUrl: string
  /** Where the shards are, in the same way. */
  readonly shardsBaseUrl: string
  /** `info`, whole. */
  readonly info: MsgpackMap
  /** Package names, in the order of the file, and the sha256 of the compressed shard of each. */
  readonly shards: ReadonlyMap<string, Sha256>
}

/** The records of one package. Hashes are hex text, whatever the file had. */
export interface Shard {
  readonly sections: ReadonlyMap<IndexSection, MsgpackMap>
  readonly removed: readonly string[]
}

/** Decompressed: an index of 128 MiB is above what clients take (mamba: 100 MB); shards of up to 49 MB exist. */
const INDEX_LIMIT = 128 << 20
const SHARD_LIMIT = 64 << 20
/** log2 of the memory that a frame may ask for. */
const INDEX_WINDOW = 27
const SHARD_WINDOW = 26

const HINT = 'Fetch it again; if it stays so, report it to the channel. The plain repodata.json of the channel may still be good.'

function createShardError(what: string, cause?: unknown): MirrorError<'SHARD_MALFORMED'> {
  return new MirrorError('SHARD_MALFORMED', `Cannot read the shards: ${what}`, { hint: HINT, ...(cause === undefined ? {} : { cause }) })
}

/** Reads a shard index (CEP 16). Throws `SHARD_MALFORMED` unless all of the bytes are one zstd frame around one msgpack map of the right shape. */
export function readShardIndex(bytes: Uint8Array): ShardIndex {
  const document = decode(bytes, { limit: INDEX_LIMIT, window: INDEX_WINDOW, what: 'the index' })
  const info = mapAt(document, 'info')
  const shards = new Map<string, Sha256>()
  for (const [name, value] of mapAt(document, 'shards')) {
    const sha256 = hexOf(value)
    if (sha256 === undefined || !isSha256(sha256)) throw createShardError(`the hash of ${JSON.stringify(name.slice(0, 100))} is not a sha256`)
    shards.set(name, sha256)
  }
  return { subdir: optionalText(info, 'subdir'), baseUrl: optionalText(info, 'base_url') ?? '', shardsBaseUrl: optionalText(info, 'shards_base_url') ?? '', info, shards }
}

/** Reads one shard (CEP 16) whose compressed bytes have that sha256. Throws `SHARD_MALFORMED` for other bytes and for wrong ones. */
export function readShard(bytes: Uint8Array, expectedSha256: Sha256): Shard {
  const found = hashSha256(bytes)
  if (found !== expectedSha256) throw createShardError(`the shard ${expectedSha256} has the sha256 ${found}`)
  const document = decode(bytes, { limit: SHARD_LIMIT, window: SHARD_WINDOW, what: `the shard ${expectedSha256}` })
  const sections = new Map<IndexSection, MsgpackMap>()
  for (const section of ['packages', 'packages.conda'] as const) {
    if (document.has(section)) sections.set(section, withHexHashes(mapAt(document, section)))
  }
  if (document.has('v3')) for (const extension of mapAt(document, 'v3').keys()) sections.set(`v3.${extension}`, withHexHashes(mapAt(mapAt(document, 'v3'), extension)))
  return { sections, removed: readRemoved(document.get('removed')) }
}

interface DecodeLimits {
  readonly limit: number
  readonly window: number
  readonly what: string
}

function decode(bytes: Uint8Array, { limit, window, what }: DecodeLimits): MsgpackMap {
  const value = unpack(decompress(bytes, { limit, window, what }), what)
  if (isMsgpackMap(value)) return value
  throw createShardError(`${what} is not a map`)
}

function unpack(bytes: Uint8Array, what: string): MsgpackValue {
  try {
    return readMsgpack(bytes)
  } catch (error) {
    throw createShardError(`in ${what} ${error instanceof Error ? error.message : 'something is wrong'}`, error)
  }
}

function decompress(bytes: Uint8Array, { limit, window, what }: DecodeLimits): Uint8Array {
  const result = inflate(bytes, { limit, window, what })
  if (result.consumed !== bytes.length) throw createShardError(`${bytes.length - result.consumed} bytes follow the zstd frame of ${what}`)
  return result.buffer
}

function inflate(bytes: Uint8Array, { limit, window, what }: DecodeLimits): { readonly buffer: Uint8Array; readonly consumed: number } {
  try {
    const { constants, zstdDecompressSync } = loadZlib()
    const options = { maxOutputLength: limit, info: true, params: { [constants.ZSTD_d_windowLogMax]: window } }
    // With `info` it gives an object, which its types do not say.
    const result: unknown = zstdDecompressSync(bytes, options)
    if (isInflated(result)) return { buffer: result.buffer, consumed: result.engine.bytesWritten }
  } catch (error) {
    throw createShardError(`${what} is not one whole zstd frame of at most ${limit >> 20} MiB`, error)
  }
  throw new TypeError('zstdDecompressSync gave no info')
}

function isInflated(value: unknown): value is { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } } {
  return typeof value === 'object' && value !== null && 'buffer' in value && value.buffer instanceof Uint8Array
    && 'engine' in value && typeof value.engine === 'object' && value.engine !== null && 'bytesWritten' in value.engine
}

function mapAt(map: MsgpackMap, key: string): MsgpackMap {
  const value = map.get(key)
  if (isMsgpackMap(value)) return value
  throw createShardError(`${JSON.stringify(key.slice(0, 100))} is not a map`)
}

function optionalText(map: MsgpackMap, key: string): string | undefined {
  const value = map.get(key)
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  throw createShardError(`info.${key} is not text`)
}

function readRemoved(value: MsgpackValue | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw createShardError('"removed" is not a list')
  return value.map((name: MsgpackValue) => {
    if (typeof name === 'string') return name
    throw createShardError('"removed" has something else than file names')
  })
}

/** A hash as hex: it comes as bytes, as hex text, or, from old writers, as a list of numbers. */
function hexOf(value: MsgpackValue): string | undefined {
  if (typeof value === 'string') return value.toLowerCase()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value) && value.every((byte: MsgpackValue) => typeof byte === 'number' && byte >= 0 && byte <= 255)) return Buffer.from(value).toString('hex')
  return undefined
}

function withHexHashes(records: MsgpackMap): MsgpackMap {
  return new Map([...records].map(([key, record]) => {
    if (!isMsgpackMap(record)) throw createShardError(`the record ${JSON.stringify(key.slice(0, 100))} is not a map`)
    return [key, new Map([...record].map(([field, value]) => [field, field === 'md5' || field === 'sha256' ? (hexOf(value) ?? value) : value]))]
  }))
}
