import { createHash, randomUUID } from 'node:crypto'
import { renameSync, writeFileSync } from 'node:fs'
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { zstdCompressSync } from 'node:zlib'

import { compressBzip2 } from './bzip2.ts'
import { createCurrentRepodata } from './current-repodata.ts'
import { isJsonObject, type Json, type JsonObject, objectIn, parseJson } from './json.ts'
import { formatPythonJson } from './python-json.ts'
import { createShards } from './shards.ts'

/** A derived form of an index, or an index file beside it. */
export type IndexVariant = 'zst' | 'bz2' | 'shards' | 'current_repodata' | 'run_exports'

/** Which index files a subdir gets and how they are written. */
export interface IndexFileOptions {
  /**
   * `compact` (default): as conda-index writes it, sorted, ASCII, no newline at the end. `pretty`: sorted, indented by 2,
   * with a newline. `unsorted`: compact, in the order of the document.
   */
  readonly style?: 'compact' | 'pretty' | 'unsorted'
  /** Default none; a variant that is not named is removed. */
  readonly variants?: readonly IndexVariant[]
  /** Where shards are, default `` (beside the artifacts); `./shards/` is the other common place. */
  readonly shardsFolder?: '' | './shards/'
  /** How hashes are written inside shards, default bytes. */
  readonly shardHashes?: 'bytes' | 'hex'
  /** Artifact file name → its run exports; needed by the variant `run_exports`, and then put into shards too. */
  readonly runExports?: ReadonlyMap<string, JsonObject>
}

/**
 * Writes `repodata.json` of one subdir and the variants made from it; each file is switched by rename.
 * A document given as bytes or text is written as it is, whatever it holds; variants that need to understand it
 * (shards, current_repodata) throw when they cannot.
 */
export async function writeIndexFiles(folder: string, document: JsonObject | string | Uint8Array, options: IndexFileOptions = {}): Promise<void> {
  await mkdir(folder, { recursive: true })
  const bytes = isBytesOrText(document) ? Buffer.from(document) : Buffer.from(formatIndex(document, options.style ?? 'compact'))
  const variants = new Set(options.variants ?? [])
  const files = new Map<string, Uint8Array>()
  await addForms(files, variants, { name: 'repodata.json', bytes })
  const readable = (): JsonObject => readDocument(document, bytes)
  if (variants.has('current_repodata')) {
    const current = formatIndex(createCurrentRepodata(readable()), options.style ?? 'compact')
    await addForms(files, variants, { name: 'current_repodata.json', bytes: Buffer.from(current) })
  }
  if (variants.has('run_exports')) {
    const runExports = formatIndex(createRunExports(readable(), options.runExports), 'compact')
    await addForms(files, variants, { name: 'run_exports.json', bytes: Buffer.from(runExports) })
  }
  if (variants.has('shards')) addShards(files, readable(), options)
  await switchFiles(folder, files)
}

/** The text of an index document in one of three styles. */
export function formatIndex(document: JsonObject, style: 'compact' | 'pretty' | 'unsorted'): string {
  if (style === 'pretty') return `${formatPythonJson(document, { indent: 2 })}\n`
  return formatPythonJson(document, { sort: style === 'compact' })
}

const SMALL = 65_536

/** Writes a file so that a reader finds the old bytes or the new ones, never a part. */
export async function switchFile(path: string, bytes: string | Uint8Array): Promise<void> {
  const temporary = join(dirname(path), `.${randomUUID()}.part`)
  // Small files at once: with ten thousand of them the way through the thread pool costs ten times the write.
  if (bytes.length <= SMALL) {
    writeFileSync(temporary, bytes)
    renameSync(temporary, path)
    return
  }
  await writeFile(temporary, bytes)
  await rename(temporary, path)
}

function isBytesOrText(document: JsonObject | string | Uint8Array): document is string | Uint8Array {
  return typeof document === 'string' || document instanceof Uint8Array
}

function readDocument(document: JsonObject | string | Uint8Array, bytes: Buffer): JsonObject {
  if (!isBytesOrText(document)) return document
  const value = parseJson(bytes.toString('utf8'))
  if (!isJsonObject(value)) throw new TypeError('Cannot derive a variant: the index is not an object')
  return value
}

async function addForms(files: Map<string, Uint8Array>, variants: ReadonlySet<IndexVariant>, { name, bytes }: NamedBytes): Promise<void> {
  files.set(name, bytes)
  if (variants.has('zst')) files.set(`${name}.zst`, zstdCompressSync(bytes))
  if (variants.has('bz2')) files.set(`${name}.bz2`, await compressBzip2(bytes))
}

interface NamedBytes {
  readonly name: string
  readonly bytes: Buffer
}

function addShards(files: Map<string, Uint8Array>, document: JsonObject, options: IndexFileOptions): void {
  const inFolder = options.shardsFolder === './shards/'
  const { index, shards } = createShards(document, {
    shardsBaseUrl: options.shardsFolder ?? '',
    hashes: options.shardHashes ?? 'bytes',
    runExports: options.variants?.includes('run_exports') === true ? options.runExports : undefined,
  })
  for (const shard of shards) {
    const name = `${createHash('sha256').update(shard).digest('hex')}.msgpack.zst`
    files.set(inFolder ? `shards/${name}` : name, shard)
  }
  files.set('repodata_shards.msgpack.zst', index)
}

function createRunExports(document: JsonObject, runExports: ReadonlyMap<string, JsonObject> | undefined): JsonObject {
  const section = (key: string): JsonObject =>
    Object.fromEntries(Object.keys(objectIn(document, key)).map((name) => [name, { run_exports: runExports?.get(name) ?? {} }]))
  const subdir: Json = objectIn(document, 'info')['subdir'] ?? null
  return { info: { subdir, version: 1 }, packages: section('packages'), 'packages.conda': section('packages.conda') }
}

const OWN_FILES =
  /^(?:(?:repodata|current_repodata|run_exports)\.json(?:\.zst|\.bz2)?|repodata_shards\.msgpack\.zst|[0-9a-f]{64}\.msgpack\.zst|shards\/[0-9a-f]{64}\.msgpack\.zst)$/

async function switchFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  if ([...files.keys()].some((name) => name.startsWith('shards/'))) await mkdir(join(folder, 'shards'), { recursive: true })
  // Shards before the index that names them.
  const names = [...files.keys()].sort((a, b) => Number(b.includes('msgpack')) - Number(a.includes('msgpack')))
  for (const name of names) {
    const bytes = files.get(name)
    if (bytes !== undefined) await switchFile(join(folder, name), bytes)
  }
  for (const name of await listFiles(folder)) {
    if (OWN_FILES.test(name) && !files.has(name)) await rm(join(folder, name), { force: true })
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder)
  const shards = names.includes('shards') ? await readdir(join(folder, 'shards')) : []
  return [...names, ...shards.map((name) => `shards/${name}`)]
}
