import { createHash } from 'node:crypto'
import { createReadStream, existsSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import { isMirrorError, readShardIndex, type Sha256, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import { openFile } from '../files/open-file.ts'
import { describeFile } from './read-subdir.ts'

/** The variants of an index that travel, in the order of the switch. Those of others (`.gz`, `.jlap`) do not. */
const VARIANTS: readonly string[] = [
  'repodata.json.zst', 'repodata.json.bz2',
  'current_repodata.json.zst', 'current_repodata.json.bz2', 'current_repodata.json',
  'repodata_from_packages.json.zst', 'repodata_from_packages.json.bz2', 'repodata_from_packages.json',
  'run_exports.json.zst', 'run_exports.json.bz2', 'run_exports.json',
  'patch_instructions.json.zst', 'patch_instructions.json.bz2', 'patch_instructions.json',
]
const SHARD_INDEX = 'repodata_shards.msgpack.zst'

/** The derived files of an index that lie beside it. */
export interface TreeVariants {
  readonly variants: readonly PublishedFile[]
  /** What the shard index names; empty without one. */
  readonly shards: readonly PublishedFile[]
  /** Variants that are there and do not travel. */
  readonly stale: readonly LeftVariant[]
}

/** A variant that does not travel. */
export interface LeftVariant {
  readonly path: string
  readonly reason: string
  /** It says something else than the document, or what it names is missing. */
  readonly isWrong: boolean
}

/** Finds the variants of a document. One that says something else than the document is left out, as far as that can be seen. */
export async function readVariants(root: string, subdir: SubdirName, document: PublishedFile): Promise<TreeVariants> {
  const stale: LeftVariant[] = []
  const variants: PublishedFile[] = []
  const sharded = await readShards(root, subdir)
  if (sharded !== undefined && 'reason' in sharded) stale.push(sharded)
  else if (sharded !== undefined) variants.push(sharded.index)
  for (const name of VARIANTS) {
    const file = await describeFile(root, `${subdir}/${name}`)
    if (file === undefined) continue
    if (name === 'repodata.json.zst' && await zstdDigest(join(root, file.path)) !== document.sha256) stale.push({ path: file.path, reason: 'it does not say what repodata.json says', isWrong: true })
    else variants.push(file)
  }
  return { variants, shards: sharded !== undefined && 'shards' in sharded ? sharded.shards : [], stale }
}

/** The sha256 of what a zstd file decodes to; undefined for one that is damaged. */
async function zstdDigest(path: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    await pipeline(createReadStream(path, { highWaterMark: 256 * 1024 }), createZstdDecompress(), async (pieces: AsyncIterable<Uint8Array>) => {
      for await (const piece of pieces) hash.update(piece)
    })
  } catch {
    return undefined
  }
  return hash.digest('hex')
}

const MAXIMUM_SHARD_INDEX = 256 * 1024 * 1024

async function readShards(root: string, subdir: SubdirName): Promise<{ readonly index: PublishedFile; readonly shards: readonly PublishedFile[] } | LeftVariant | undefined> {
  const path = `${subdir}/${SHARD_INDEX}`
  await using file = await openFile(join(root, path), { follow: true })
  if (file === undefined) return undefined
  if (file.size > MAXIMUM_SHARD_INDEX) return { path, reason: 'it is too large', isWrong: false }
  const digests = readDigests(await file.read(0, file.size))
  if (digests === undefined) return { path, reason: 'it is no shard index', isWrong: true }
  const shards: PublishedFile[] = []
  for (const sha256 of [...digests].toSorted()) {
    const shard = `${subdir}/shards/${sha256}.msgpack.zst`
    const stat = lstatSync(join(root, shard), { throwIfNoEntry: false })
    if (stat?.isFile() !== true) return { path, reason: 'its shards are not in shards/', isWrong: !existsSync(join(root, subdir, `${sha256}.msgpack.zst`)) }
    shards.push({ path: shard, sha256, size: stat.size })
  }
  const index = await describeFile(root, path)
  return index === undefined ? undefined : { index, shards }
}

/** The shards that a shard index names; undefined for what is none. */
export function readDigests(bytes: Uint8Array): ReadonlySet<Sha256> | undefined {
  try {
    return new Set(readShardIndex(bytes).shards.values())
  } catch (error) {
    if (isMirrorError(error)) return undefined
    throw error
  }
}
