import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { decodeMsgpack, decompressBzip2, type Packable } from '@mirror/test-fixtures'

/** A listed artifact: what a client believes. */
interface Listed {
  readonly size?: unknown
  readonly sha256?: unknown
  readonly md5?: unknown
}

/**
 * Reads each index file of a mirror for itself, as a client that knows this one form only, and names every artifact that it lists and that is not there, whole.
 * Between the renames of a commit the forms may be of two states, but none may promise what is not there.
 */
export async function checkEveryIndex(mirror: string): Promise<{ readonly indexes: number; readonly problems: readonly string[] }> {
  const files = listIndexes(mirror)
  const problems = await Promise.all(files.map(async ({ folder, file }) => {
    try {
      const faults = [...await readListed(folder, file)].map(([name, record]) => ({ name, fault: checkListed(join(folder, name), record) }))
      return faults.flatMap(({ name, fault }) => (fault === undefined ? [] : [`${folder}/${file} lists ${name}: ${fault}`]))
    } catch (error) {
      return [`${folder}/${file}: ${String(error)}`]
    }
  }))
  return { indexes: files.length, problems: problems.flat() }
}

function listIndexes(mirror: string): readonly { readonly folder: string; readonly file: string }[] {
  const entries = existsSync(mirror) ? readdirSync(mirror, { withFileTypes: true }) : []
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).flatMap((entry) => {
    const folder = join(mirror, entry.name)
    return readdirSync(folder).filter((file) => file.startsWith('repodata')).map((file) => ({ folder, file }))
  })
}

async function readListed(folder: string, file: string): Promise<ReadonlyMap<string, Listed>> {
  const bytes = readFileSync(join(folder, file))
  if (file === 'repodata_shards.msgpack.zst') return readShards(folder, decodeMsgpack(zstdDecompressSync(bytes)))
  const text = file.endsWith('.zst') ? zstdDecompressSync(bytes) : file.endsWith('.bz2') ? await decompressBzip2(bytes) : bytes
  return listedIn(JSON.parse(text.toString()))
}

function readShards(folder: string, index: Packable): ReadonlyMap<string, Listed> {
  const base = String(field(field(index, 'info'), 'shards_base_url') ?? '')
  const listed = new Map<string, Listed>()
  for (const [name, digest] of Object.entries(mapOf(field(index, 'shards')))) {
    if (!(digest instanceof Uint8Array)) throw new TypeError(`the digest of ${name} is no bytes`)
    const hex = Buffer.from(digest).toString('hex')
    const bytes = readFileSync(join(folder, base, `${hex}.msgpack.zst`))
    if (createHash('sha256').update(bytes).digest('hex') !== hex) throw new TypeError(`the shard of ${name} has other bytes`)
    for (const [file, record] of listedIn(decodeMsgpack(zstdDecompressSync(bytes)))) listed.set(file, record)
  }
  return listed
}

function listedIn(document: unknown): ReadonlyMap<string, Listed> {
  return new Map(['packages', 'packages.conda'].flatMap((section) => Object.entries(mapOf(field(document, section))).map(([name, record]) => [name, mapOf(record)] as const)))
}

function checkListed(path: string, { size, sha256, md5 }: Listed): string | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'missing'
  if (!stats.isFile() || stats.size !== size) return `${stats.size} bytes, listed as ${String(size)}`
  const [algorithm, digest] = sha256 === undefined ? ['md5', md5] as const : ['sha256', sha256] as const
  const wanted = digest instanceof Uint8Array ? Buffer.from(digest).toString('hex') : digest
  return createHash(algorithm).update(readFileSync(path)).digest('hex') === wanted ? undefined : `wrong ${algorithm}`
}

function field(value: unknown, name: string): unknown {
  return Object.entries(mapOf(value)).find(([key]) => key === name)?.[1]
}

function mapOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
