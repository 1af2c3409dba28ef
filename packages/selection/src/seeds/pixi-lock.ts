import type { LockedArtifact } from '../closure/closure-types.ts'
import { type LockedDigests, readLockedUrl } from './locked-url.ts'
import { quoteText } from './seeds-invalid.ts'
import { isMapping, listOf, type YamlFile } from './yaml-file.ts'

/** What a lock file names. */
export interface LockSeeds {
  readonly artifacts: readonly LockedArtifact[]
  readonly notes: readonly string[]
}

/** Platforms that are wanted; undefined for all. */
export type WantedPlatforms = readonly string[] | undefined

const OLDEST = 4
const NEWEST = 7

/**
 * Reads a `pixi.lock` of version 4 to 7: the conda artifacts of all environments, on the wanted platforms. What comes from PyPI or is built from sources is noted.
 * Versions before 4 are those of conda-lock.
 */
export function readPixiLock(file: YamlFile, root: Readonly<Record<string, unknown>>, platforms: WantedPlatforms): LockSeeds {
  const { version, environments } = root
  if (typeof version !== 'number' || version < OLDEST || version > NEWEST) {
    throw file.fault(['version'], { reason: `a pixi.lock of version ${quoteText(version)} is not known, only ${OLDEST} to ${NEWEST}`, hint: 'Write it with another version of pixi, or report this.' })
  }
  if (!isMapping(environments)) throw file.fault(['environments'], { reason: 'environments is no mapping' })
  const digests = readDigests(root['packages'])
  const subdirs = readSubdirs(root['platforms'])
  const found = new Map<string, LockedArtifact>()
  const counts = { pypi: new Set<string>(), source: new Set<string>() }
  for (const { path, entry } of listEntries(file, environments, (platform) => platforms?.includes(subdirs.get(platform) ?? platform) ?? true)) {
    readEntry(file, { path, entry }, { digests, found, counts })
  }
  return { artifacts: [...found.values()], notes: describeOthers(counts.pypi.size, counts.source.size) }
}

/** Sentences about what no channel has. */
export function describeOthers(pypi: number, source: number): readonly string[] {
  return [
    ...(pypi === 0 ? [] : [`${pypi} packages from PyPI are left alone`]),
    ...(source === 0 ? [] : [`${source} packages that are built from sources are left alone`]),
  ]
}

interface LockEntry {
  readonly path: readonly (string | number)[]
  readonly entry: unknown
}

function* listEntries(file: YamlFile, environments: Readonly<Record<string, unknown>>, isWanted: (platform: string) => boolean): Generator<LockEntry> {
  for (const [environment, value] of Object.entries(environments)) {
    const packages = isMapping(value) ? value['packages'] : undefined
    if (packages === undefined || packages === null) continue
    if (!isMapping(packages)) throw file.fault(['environments', environment, 'packages'], { reason: 'packages is no mapping of platforms' })
    for (const [platform, list] of Object.entries(packages)) {
      if (!isWanted(platform)) continue
      for (const [at, entry] of listOf(list).entries()) yield { path: ['environments', environment, 'packages', platform, at], entry }
    }
  }
}

interface Collected {
  readonly digests: ReadonlyMap<string, LockedDigests>
  readonly found: Map<string, LockedArtifact>
  readonly counts: { readonly pypi: Set<string>; readonly source: Set<string> }
}

function readEntry(file: YamlFile, { path, entry }: LockEntry, { digests, found, counts }: Collected): void {
  const { conda, pypi, conda_source: source } = isMapping(entry) ? entry : {}
  if (typeof pypi === 'string') counts.pypi.add(pypi)
  else if (typeof source === 'string') counts.source.add(source)
  else if (typeof conda !== 'string') throw file.fault(path, { reason: 'an entry is neither of conda nor of pypi' })
  else if (!found.has(conda)) {
    const artifact = readLockedUrl(conda, digests.get(conda) ?? {})
    if (typeof artifact === 'string') throw file.fault(path, { reason: `${quoteText(conda)}: ${artifact}` })
    if (artifact === undefined) counts.source.add(conda)
    else found.set(conda, artifact)
  }
}

/** By URL: version 4 and 5 have it under `url` where `kind` is conda, later ones under `conda`. */
function readDigests(packages: unknown): ReadonlyMap<string, LockedDigests> {
  const digests = new Map<string, LockedDigests>()
  for (const each of listOf(packages)) {
    if (!isMapping(each)) continue
    const url = each['conda'] ?? each['url']
    if (typeof url === 'string') digests.set(url, { sha256: each['sha256'], md5: each['md5'] })
  }
  return digests
}

/** Version 7 gives platforms names of their own. */
function readSubdirs(platforms: unknown): ReadonlyMap<string, string> {
  const pairs = listOf(platforms).filter(isMapping).map(({ name, subdir }) => [String(name), String(subdir ?? name)] as const)
  return new Map(pairs)
}
