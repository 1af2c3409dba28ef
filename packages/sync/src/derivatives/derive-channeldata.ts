import { createHash } from 'node:crypto'
import { compareVersions, createIndexScanner, isJsonObject, isSha256, isVersion, jsonDumps, parseVersion, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { DerivedFile } from '../derived-file.ts'
import { CHANNELDATA } from './choice.ts'

/** What the mirror keeps of one name. */
interface KeptName {
  readonly subdirs: Set<SubdirName>
  readonly versions: Set<string>
  /** Milliseconds. */
  newest: number
}

/** What a mirror lists, by name: enough to restrict upstream's `channeldata.json` to it. */
export type KeptNames = Map<string, KeptName>

/** Adds what an index that is published, or will be, lists. `chunks` are the document. */
export async function addKeptNames(names: KeptNames, subdir: SubdirName, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  const scanner = createIndexScanner({
    record(view) {
      const name = readText(view.field('name'))
      if (name === undefined) return
      const kept = names.get(name) ?? { subdirs: new Set(), versions: new Set(), newest: 0 }
      kept.subdirs.add(subdir)
      const version = readText(view.field('version'))
      if (version !== undefined) kept.versions.add(version)
      kept.newest = Math.max(kept.newest, readTime(view.field('timestamp')))
      names.set(name, kept)
    },
  })
  for await (const chunk of chunks) scanner.write(chunk)
  scanner.end()
}

function readText(raw: string | undefined): string | undefined {
  const value = raw === undefined ? undefined : parseJson(raw)
  return typeof value === 'string' ? value : undefined
}

/** Seconds and milliseconds are both found; what is below the year 9999 in seconds is seconds. */
function readTime(raw: string | undefined): number {
  const value = raw === undefined ? 0 : Number(raw)
  if (!Number.isFinite(value) || value < 0) return 0
  return value <= 253_402_300_799 ? value * 1000 : value
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * Upstream's `channeldata.json` restricted to what the mirror lists (CEP 38, `channels.md` §2.4): packages of which nothing is kept go, `subdirs`, `version`, `run_exports` and
 * `timestamp` follow from what is kept, everything else stays as it is. Upstream's own bytes where nothing has to change. Undefined for what is not channeldata.
 */
export function restrictChanneldata(upstream: Uint8Array, names: KeptNames, subdirs: readonly SubdirName[]): DerivedFile | undefined {
  const value = parseJson(Buffer.from(upstream).toString('utf8'))
  if (!isJsonObject(value) || !isJsonObject(value['packages'])) return undefined
  const packages: [string, unknown][] = []
  for (const [name, entry] of Object.entries(value['packages'])) {
    const kept = names.get(name)
    if (kept !== undefined && isJsonObject(entry)) packages.push([name, restrictPackage(entry, kept)])
  }
  const all = Array.isArray(value['subdirs']) ? { subdirs: value['subdirs'].filter((subdir) => subdirs.includes(subdir)) } : {}
  const restricted = { ...value, ...all, packages: fromEntries(packages) }
  return createFile(jsonDumps(restricted) === jsonDumps(value) ? upstream : Buffer.from(jsonDumps(restricted)))
}

function restrictPackage(entry: Readonly<Record<string, unknown>>, { subdirs, versions, newest }: KeptName): Readonly<Record<string, unknown>> {
  const { version, timestamp, run_exports: exported } = entry
  return {
    ...entry,
    ...Array.isArray(entry['subdirs']) ? { subdirs: entry['subdirs'].filter((subdir) => subdirs.has(subdir)) } : {},
    ...typeof version === 'string' && !versions.has(version) ? { version: newestOf(versions) ?? version } : {},
    ...isJsonObject(exported) ? { run_exports: fromEntries(Object.entries(exported).filter(([key]) => versions.has(key))) } : {},
    ...typeof timestamp === 'number' && newest > 0 && timestamp > newest / 1000 ? { timestamp: Math.floor(newest / 1000) } : {},
  }
}

function newestOf(versions: ReadonlySet<string>): string | undefined {
  return [...versions].filter(isVersion).toSorted((left, right) => compareVersions(parseVersion(right), parseVersion(left)))[0]
}

/** Keys such as `__proto__` are keys like others. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = Object.create(null)
  for (const [key, value] of entries) result[key] = value
  return result
}

function createFile(bytes: Uint8Array): DerivedFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  if (!isSha256(sha256)) throw new Error('sha256 is not 64 hex digits')
  const file: PublishedFile = { path: CHANNELDATA, sha256, size: bytes.byteLength }
  return { file, chunks: () => [bytes] }
}

