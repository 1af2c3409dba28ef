import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

/**
 * Checks a mirror as a reader of the bare folder would, with code that shares nothing with the store: whatever an index lists exists, whole, with the right
 * size and hash. Answers what is wrong.
 */
export function checkInvariant(root: string): readonly string[] {
  if (!fs.existsSync(root)) return []
  return fs.readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).flatMap((entry) => checkSubdir(join(root, entry.name)))
}

function checkSubdir(folder: string): readonly string[] {
  const bad: string[] = []
  const read = (name: string): Buffer | undefined => (fs.existsSync(join(folder, name)) ? fs.readFileSync(join(folder, name)) : undefined)
  const json = read('repodata.json')
  const zst = read('repodata.json.zst')
  const shards = read('repodata_shards.msgpack.zst')
  if (json !== undefined) bad.push(...checkIndex(folder, 'repodata.json', json))
  if (zst !== undefined) bad.push(...checkIndex(folder, 'repodata.json.zst', zstdDecompressSync(zst)))
  if (shards !== undefined) bad.push(...checkShards(folder, zstdDecompressSync(shards)))
  for (const name of fs.readdirSync(folder)) if (/^\.|draft|\.part|tmp/.test(name)) bad.push(`${folder}/${name}: a temporary file is public`)
  return bad
}

function checkIndex(folder: string, name: string, bytes: Buffer): readonly string[] {
  const index: { packages?: Record<string, { size: number; sha256: string }>; 'packages.conda'?: Record<string, { size: number; sha256: string }> } = JSON.parse(bytes.toString('utf8'))
  return [index.packages ?? {}, index['packages.conda'] ?? {}].flatMap((section) => Object.entries(section)).flatMap(([file, record]) => {
    const path = join(folder, file)
    if (!fs.existsSync(path)) return [`${path}: listed by ${name}, missing`]
    const content = fs.readFileSync(path)
    if (content.length !== record.size) return [`${path}: listed by ${name}, has ${content.length} bytes instead of ${record.size}`]
    return createHash('sha256').update(content).digest('hex') === record.sha256 ? [] : [`${path}: listed by ${name}, other bytes`]
  })
}

/** Our own shard index: a map16 of str8 to bin8 behind 21 bytes of heading; each shard is JSON of names and digests. */
function checkShards(folder: string, index: Buffer): readonly string[] {
  const bad: string[] = []
  let position = index.indexOf('shards') + 'shards'.length + 3
  while (position < index.length) {
    const name = index.toString('utf8', position + 2, position + 2 + (index[position + 1] ?? 0))
    position += 2 + name.length + 2
    const digest = index.toString('hex', position, position + 32)
    position += 32
    const path = join(folder, 'shards', `${digest}.msgpack.zst`)
    if (!fs.existsSync(path)) bad.push(`${path}: listed by the shard index, missing`)
    else bad.push(...checkShard(folder, path, digest))
  }
  return bad
}

function checkShard(folder: string, path: string, digest: string): readonly string[] {
  const bytes = fs.readFileSync(path)
  if (createHash('sha256').update(bytes).digest('hex') !== digest) return [`${path}: other bytes`]
  const records: Record<string, string> = JSON.parse(zstdDecompressSync(bytes).toString('utf8'))
  return Object.entries(records).flatMap(([name, sha256]) => {
    const file = join(folder, name)
    if (!fs.existsSync(file)) return [`${file}: listed by a shard, missing`]
    return createHash('sha256').update(fs.readFileSync(file)).digest('hex') === sha256 ? [] : [`${file}: listed by a shard, other bytes`]
  })
}

/** Every public file of a mirror with its content, for comparing trees. Dot-folders are left out. */
export function readTree(root: string, under = ''): Readonly<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of fs.existsSync(join(root, under)) ? fs.readdirSync(join(root, under), { withFileTypes: true }) : []) {
    const path = under === '' ? entry.name : `${under}/${entry.name}`
    if (entry.name.startsWith('.')) continue
    if (entry.isDirectory()) Object.assign(found, readTree(root, path))
    else found[path] = fs.readFileSync(join(root, path), 'latin1')
  }
  return found
}
