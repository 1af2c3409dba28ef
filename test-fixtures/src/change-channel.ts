import { readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { writeChanneldata, writePackages } from './build-channel.ts'
import { addRecords, createDocument, type IndexOptions, mapRecords } from './index-document.ts'
import { formatIndex, type IndexVariant, writeIndexFiles } from './index-files.ts'
import { isJsonObject, type Json, type JsonObject, objectIn, parseJson } from './json.ts'
import type { PackageDescription } from './package-description.ts'

/** How an upstream moves on; every member is by subdir. */
export interface ChannelChanges {
  /** New artifacts; one whose file name is there already re-uses the name with new bytes (give it a `salt`). */
  readonly add?: Readonly<Record<string, readonly PackageDescription[]>>
  /** File names whose record and file go away. */
  readonly remove?: Readonly<Record<string, readonly string[]>>
  /** File names whose record goes away, whose file stays and which are named in `removed`. */
  readonly unlist?: Readonly<Record<string, readonly string[]>>
  /** File name → fields to set, or with undefined to drop: a hotfix, the file stays the same. */
  readonly relist?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, Json | undefined>>>>>>
  /** Replaces how the changed subdirs are written; left out, style and variants stay as they are on disk. */
  readonly index?: IndexOptions
}

/**
 * Changes a channel in its folder as a careful upstream does: new files first, then the indexes, then removals.
 * Subdirs that no change names stay as they are, byte for byte; `channeldata.json` is renewed where it exists.
 */
export async function changeChannel(folder: string, changes: ChannelChanges): Promise<void> {
  const edits = [changes.add, changes.remove, changes.unlist, changes.relist]
  const subdirs = new Set(edits.flatMap((edit) => Object.keys(edit ?? {})))
  for (const subdir of subdirs) await changeSubdir(folder, subdir, changes)
  if (!(await exists(join(folder, 'channeldata.json')))) return
  const documents: JsonObject[] = []
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && !entry.name.startsWith('.')) documents.push((await readSubdir(join(folder, entry.name), entry.name)).document)
  }
  await writeChanneldata(folder, documents)
}

async function changeSubdir(channelFolder: string, subdir: string, changes: ChannelChanges): Promise<void> {
  const folder = join(channelFolder, subdir)
  const present = await readSubdir(folder, subdir)
  const remove = changes.remove?.[subdir] ?? []
  const unlist = changes.unlist?.[subdir] ?? []
  const added = await writePackages(folder, subdir, changes.add?.[subdir] ?? [])
  const kept = mapRecords(present.document, (fileName, record) => {
    if (remove.includes(fileName) || unlist.includes(fileName)) return undefined
    return editRecord(record, changes.relist?.[subdir]?.[fileName])
  })
  const document = addRemoved(addRecords(kept, added, changes.index?.digests), unlist)
  const runExports = new Map([...present.runExports, ...added.map((artifact) => [artifact.fileName, artifact.runExports] as const)])
  await writeIndexFiles(folder, document, { ...present.options, ...changes.index, runExports })
  for (const fileName of remove) await rm(join(folder, fileName))
}

function editRecord(record: Json, fields: Readonly<Record<string, Json | undefined>> | undefined): Json {
  if (fields === undefined || !isJsonObject(record)) return record
  const edited: Record<string, Json> = { ...record }
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) delete edited[key]
    else edited[key] = value
  }
  return edited
}

function addRemoved(document: JsonObject, unlist: readonly string[]): JsonObject {
  if (unlist.length === 0) return document
  const present = document['removed']
  const names: string[] = Array.isArray(present) ? present.filter((name) => typeof name === 'string') : []
  return { ...document, removed: [...names, ...unlist].sort() }
}

interface PresentSubdir {
  readonly document: JsonObject
  readonly options: IndexOptions
  readonly runExports: ReadonlyMap<string, JsonObject>
}

async function readSubdir(folder: string, subdir: string): Promise<PresentSubdir> {
  if (!(await exists(join(folder, 'repodata.json')))) return { document: createDocument(subdir, {}), options: {}, runExports: new Map() }
  const names = new Set(await readdir(folder))
  const text = await readFile(join(folder, 'repodata.json'), 'utf8')
  const document = parseJson(text)
  if (!isJsonObject(document)) throw new TypeError(`Cannot change ${subdir}: its index is not an object`)
  const variants: IndexVariant[] = []
  if (names.has('repodata.json.zst')) variants.push('zst')
  if (names.has('repodata.json.bz2')) variants.push('bz2')
  if (names.has('repodata_shards.msgpack.zst')) variants.push('shards')
  if (names.has('current_repodata.json')) variants.push('current_repodata')
  if (names.has('run_exports.json')) variants.push('run_exports')
  const options: IndexOptions = { style: styleOf(text, document), variants, shardsFolder: names.has('shards') ? './shards/' : '' }
  return { document, options, runExports: names.has('run_exports.json') ? await readRunExports(folder) : new Map() }
}

function styleOf(text: string, document: JsonObject): 'compact' | 'pretty' | 'unsorted' {
  if (text.endsWith('\n')) return 'pretty'
  return formatIndex(document, 'compact') === text ? 'compact' : 'unsorted'
}

async function readRunExports(folder: string): Promise<Map<string, JsonObject>> {
  const document = parseJson(await readFile(join(folder, 'run_exports.json'), 'utf8'))
  const runExports = new Map<string, JsonObject>()
  if (!isJsonObject(document)) return runExports
  for (const section of ['packages', 'packages.conda']) {
    for (const [fileName, entry] of Object.entries(objectIn(document, section))) {
      if (isJsonObject(entry)) runExports.set(fileName, objectIn(entry, 'run_exports'))
    }
  }
  return runExports
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
