import type { BuiltArtifact } from './build-artifact.ts'
import type { IndexFileOptions } from './index-files.ts'
import { isJsonObject, type Json, type JsonObject, objectIn } from './json.ts'

/** What an index says about itself, and how its files are written. */
export interface IndexOptions extends Omit<IndexFileOptions, 'runExports'> {
  /** Which digests records carry, default both; the v3 section too. */
  readonly digests?: 'both' | 'md5' | 'sha256' | 'none'
  /** `info.base_url` [CEP 15]; makes `repodata_version` 2. */
  readonly baseUrl?: string
  /** File names in `removed`. */
  readonly removed?: readonly string[]
  /** Default 1, or 2 with `baseUrl`; any value, true or not. */
  readonly repodataVersion?: Json
  /** Further or other keys of `info`. */
  readonly info?: JsonObject
  /** Further or other keys of the document. */
  readonly topLevel?: JsonObject
}

/** An index document without records. */
export function createDocument(subdir: string, options: IndexOptions): JsonObject {
  return {
    info: { subdir, ...(options.baseUrl === undefined ? {} : { base_url: options.baseUrl }), ...options.info },
    packages: {},
    'packages.conda': {},
    removed: options.removed ?? [],
    repodata_version: options.repodataVersion ?? (options.baseUrl === undefined ? 1 : 2),
    ...options.topLevel,
  }
}

/** The document with these artifacts listed; a file name that is there already gets the new record. */
export function addRecords(document: JsonObject, artifacts: readonly Omit<BuiltArtifact, 'bytes'>[], digests: IndexOptions['digests']): JsonObject {
  const sections = { packages: { ...objectIn(document, 'packages') }, 'packages.conda': { ...objectIn(document, 'packages.conda') } }
  const v3: Record<string, Record<string, Json>> = {}
  for (const [extension, records] of Object.entries(objectIn(document, 'v3'))) if (isJsonObject(records)) v3[extension] = { ...records }
  for (const artifact of artifacts) {
    const record = limitDigests(artifact.record, digests ?? 'both')
    const { extension, stem } = splitName(artifact.fileName)
    if (artifact.section === 'v3') (v3[extension] ??= {})[stem] = record
    else sections[extension === 'conda' ? 'packages.conda' : 'packages'][artifact.fileName] = record
  }
  return withV3({ ...document, ...sections }, v3)
}

/** The document after `change` was asked about every record: undefined leaves the record out. */
export function mapRecords(document: JsonObject, change: (fileName: string, record: Json) => Json | undefined): JsonObject {
  const section = (records: JsonObject, suffix: string): JsonObject => {
    const kept: Record<string, Json> = {}
    for (const [key, record] of Object.entries(records)) {
      const changed = change(`${key}${suffix}`, record)
      if (changed !== undefined) kept[key] = changed
    }
    return kept
  }
  const v3: Record<string, JsonObject> = {}
  for (const [extension, records] of Object.entries(objectIn(document, 'v3'))) {
    if (isJsonObject(records)) v3[extension] = section(records, `.${extension}`)
  }
  const sections = {
    packages: section(objectIn(document, 'packages'), ''),
    'packages.conda': section(objectIn(document, 'packages.conda'), ''),
  }
  return withV3({ ...document, ...sections }, v3)
}

function withV3(document: JsonObject, v3: Readonly<Record<string, JsonObject>>): JsonObject {
  const extensions = Object.values(v3)
  if (extensions.length === 0) return document
  const count = extensions.reduce((total, records) => total + Object.keys(records).length, 0)
  const info = { ...objectIn(document, 'info'), repodata_revisions: { v3: { n_packages: count } } }
  return { ...document, info, v3 }
}

function limitDigests(record: JsonObject, digests: 'both' | 'md5' | 'sha256' | 'none'): JsonObject {
  if (digests === 'both') return record
  const { md5, sha256, ...rest } = record
  return { ...rest, ...(digests === 'md5' && md5 !== undefined ? { md5 } : {}), ...(digests === 'sha256' && sha256 !== undefined ? { sha256 } : {}) }
}

function splitName(fileName: string): { readonly extension: string; readonly stem: string } {
  const extension = fileName.endsWith('.conda') ? 'conda' : 'tar.bz2'
  return { extension, stem: fileName.slice(0, -extension.length - 1) }
}
