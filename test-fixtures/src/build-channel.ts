import { existsSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { buildArtifacts, type BuiltArtifact } from './build-artifact.ts'
import { createChanneldata } from './channeldata.ts'
import { addRecords, createDocument, type IndexOptions } from './index-document.ts'
import { switchFile, writeIndexFiles } from './index-files.ts'
import type { JsonObject } from './json.ts'
import type { PackageDescription } from './package-description.ts'
import { formatPythonJson } from './python-json.ts'

/** A whole channel in a few lines. */
export interface ChannelDescription {
  /** Subdir → its packages. */
  readonly subdirs: Readonly<Record<string, readonly PackageDescription[]>>
  /** false: the subdir noarch is not added where it is missing. */
  readonly noarch?: false
  readonly index?: IndexOptions
  /** Subdir → what is different for it. */
  readonly subdirIndexes?: Readonly<Record<string, IndexOptions>>
  /** Write `channeldata.json`, default false. */
  readonly channeldata?: boolean
}

/** One artifact file of a built channel. */
export interface ChannelArtifact {
  readonly subdir: string
  readonly fileName: string
  readonly size: number
  readonly md5: string
  readonly sha256: string
}

/** What was built. */
export interface BuiltChannel {
  readonly folder: string
  readonly artifacts: readonly ChannelArtifact[]
  /** Bytes of all artifacts. */
  readonly bytes: number
}

/**
 * Writes a channel into a folder: artifacts that conda tools can open and install, and the index files that were asked for.
 * The same description gives the same bytes on every machine.
 */
export async function buildChannel(description: ChannelDescription, folder: string): Promise<BuiltChannel> {
  const subdirs = description.noarch === false ? description.subdirs : { noarch: [], ...description.subdirs }
  const artifacts: ChannelArtifact[] = []
  const documents: JsonObject[] = []
  for (const [subdir, packages] of Object.entries(subdirs)) {
    const options = { ...description.index, ...description.subdirIndexes?.[subdir] }
    const built = await writePackages(join(folder, subdir), subdir, packages)
    const document = addRecords(createDocument(subdir, options), built, options.digests)
    const runExports = new Map(built.map((artifact) => [artifact.fileName, artifact.runExports]))
    await writeIndexFiles(join(folder, subdir), document, { ...options, runExports })
    documents.push(document)
    artifacts.push(...built.map((artifact) => describeArtifact(subdir, artifact)))
  }
  if (description.channeldata === true) await writeChanneldata(folder, documents)
  return { folder, artifacts, bytes: artifacts.reduce((total, artifact) => total + artifact.size, 0) }
}

/** An artifact that was written: its bytes are on disk, not here. */
export type WrittenArtifact = Omit<BuiltArtifact, 'bytes'>

/** Builds packages and writes their artifacts; a name that is there already is switched by rename, so that a server never sends a part. */
export async function writePackages(folder: string, subdir: string, packages: readonly PackageDescription[]): Promise<WrittenArtifact[]> {
  await mkdir(folder, { recursive: true })
  const written: WrittenArtifact[] = []
  for (const group of groupsOf(packages, 32)) {
    const built = (await Promise.all(group.map(async (description) => await buildArtifacts(subdir, description)))).flat()
    await Promise.all(built.map(async (artifact) => { await writeArtifact(join(folder, artifact.fileName), artifact.bytes) }))
    // Without the bytes: a channel may be larger than memory.
    for (const { fileName, size, md5, sha256, record, runExports, section } of built) {
      written.push({ fileName, size, md5, sha256, record, runExports, section })
    }
  }
  return written
}

async function writeArtifact(path: string, bytes: Buffer): Promise<void> {
  // No index names a new file yet, and renames are half the time of a channel with thousands.
  if (existsSync(path)) await switchFile(path, bytes)
  else if (bytes.length <= SMALL) writeFileSync(path, bytes)
  else await writeFile(path, bytes)
}

const SMALL = 65_536

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = []
  for (let at = 0; at < items.length; at += size) groups.push(items.slice(at, at + size))
  return groups
}

function describeArtifact(subdir: string, artifact: WrittenArtifact): ChannelArtifact {
  const { fileName, size, md5, sha256 } = artifact
  return { subdir, fileName, size, md5, sha256 }
}

/** Writes `channeldata.json` of a channel. */
export async function writeChanneldata(folder: string, documents: readonly JsonObject[]): Promise<void> {
  await switchFile(join(folder, 'channeldata.json'), `${formatPythonJson(createChanneldata(documents), { indent: 2 })}\n`)
}
