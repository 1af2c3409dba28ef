import { compareVersions, findVersion, isArtifactName, splitArtifactName, type Version } from '@mirror/core'
import type { Fit, ListedArtifact, SubdirCatalogue } from './subdir-catalogue.ts'

/** A package of a channel, over all of its subdirs. */
export interface PackageSummary {
  readonly name: string
  readonly artifacts: number
  /** Bytes of all of them. */
  readonly size: number
  /** The newest by CEP 33; empty where no record tells one. */
  readonly latestVersion: string
  /** How many different ones. */
  readonly versions: number
  /** When the last one was built, milliseconds since 1970. */
  readonly newest: number | undefined
  readonly subdirs: readonly string[]
}

/** A name that fits a search. */
export interface Match {
  readonly name: string
  readonly fit: Fit
}

/** A text in a search field, read: names in lower case that have to be in a package's name. */
export function parseSearch(text: string): readonly string[] {
  const trimmed = text.trim()
  const named = isArtifactName(trimmed) ? splitArtifactName(trimmed)?.name : undefined
  if (named !== undefined) return [named.toLowerCase()]
  const words = trimmed.toLowerCase().split(/\s+/).map((word) => word.replace(/^[^:\s]*::/, '').replace(/[=<>!~[*].*$/, '')).filter((word) => word !== '')
  // What begins with a digit behind a name is a version: `numpy 1.26`.
  return words.filter((word, at) => at === 0 || !/^\d/.test(word))
}

/** The names that fit a search in any subdir: those that fit best first, then by name. No word: all. */
export function findPackages(subdirs: readonly SubdirCatalogue[], words: readonly string[]): readonly Match[] {
  const fits = new Map<string, Fit>()
  for (const subdir of subdirs) {
    for (const { name, fit } of subdir.match(words[0] ?? '')) {
      const text = subdir.nameAt(name)
      const before = fits.get(text)
      if (before === undefined || fit < before) fits.set(text, fit)
    }
  }
  const groups: readonly string[][] = [[], [], [], []]
  for (const [name, fit] of fits) if (hasWords(name, words)) groups[fit]?.push(name)
  return FITS.flatMap((fit) => (groups[fit] ?? []).sort().map((name) => ({ name, fit })))
}

const FITS: readonly Fit[] = [0, 1, 2, 3]

function hasWords(name: string, [, ...others]: readonly string[]): boolean {
  return others.every((word) => name.toLowerCase().includes(word))
}

/** What is known of a package; undefined where no subdir has it. */
export function summarizePackage(subdirs: readonly SubdirCatalogue[], name: string): PackageSummary | undefined {
  const versions = new Set<string>()
  const having: string[] = []
  let artifacts = 0
  let size = 0
  let newest = 0
  for (const subdir of subdirs) {
    const found = subdir.findName(name)
    if (found === undefined) continue
    having.push(subdir.columns.subdir)
    const { from, to } = subdir.recordsOf(found)
    artifacts += to - from
    size += subdir.columns.nameBytes[found] ?? 0
    for (const version of new Set(subdir.columns.versions.subarray(from, to))) versions.add(subdir.versionOf(version))
    newest = subdir.columns.times.subarray(from, to).reduce((latest, time) => Math.max(latest, time), newest)
  }
  if (artifacts === 0) return undefined
  const [latestVersion = ''] = sortVersions([...versions])
  return { name, artifacts, size, latestVersion, versions: versions.size, newest: newest === 0 ? undefined : newest * 1000, subdirs: having }
}

/** The artifacts of a package: newest version first (CEP 33), of one version the highest build number, of these by subdir and file name. */
export function listArtifacts(subdirs: readonly SubdirCatalogue[], name: string): readonly ListedArtifact[] {
  const artifacts = subdirs.flatMap((subdir) => {
    const found = subdir.findName(name)
    if (found === undefined) return []
    const { from, to } = subdir.recordsOf(found)
    return Array.from({ length: to - from }, (_, at) => subdir.artifactAt(from + at))
  })
  const ranks = new Map(sortVersions([...new Set(artifacts.map(({ version }) => version))]).map((version, rank) => [version, rank]))
  const rankOf = ({ version }: ListedArtifact): number => ranks.get(version) ?? 0
  return artifacts.toSorted((left, right) => rankOf(left) - rankOf(right) || right.buildNumber - left.buildNumber || compareTexts(left.subdir, right.subdir) || compareTexts(left.file, right.file))
}

/** Names of packages that depend on one, in any of their builds, by name. */
export function listNeeding(subdirs: readonly SubdirCatalogue[], name: string): readonly string[] {
  return [...new Set(subdirs.flatMap((subdir) => subdir.needing(name)))].toSorted(compareTexts)
}

/** The artifacts that were built last, latest first. */
export function listLatest(subdirs: readonly SubdirCatalogue[], count: number): readonly ListedArtifact[] {
  const all = subdirs.flatMap((subdir) => Array.from(subdir.columns.latest, (record) => subdir.artifactAt(record)))
  return all.toSorted((left, right) => (right.time ?? 0) - (left.time ?? 0) || compareTexts(left.file, right.file)).slice(0, count)
}

/** How much the artifacts of each package take, those that take most first. */
export function listSizes(subdirs: readonly SubdirCatalogue[]): readonly { readonly name: string; readonly size: number; readonly artifacts: number }[] {
  const sums = new Map<string, { size: number; artifacts: number }>()
  for (const subdir of subdirs) {
    for (let name = 0; name < subdir.names; name += 1) {
      const text = subdir.nameAt(name)
      const sum = sums.get(text) ?? { size: 0, artifacts: 0 }
      const { from, to } = subdir.recordsOf(name)
      sum.size += subdir.columns.nameBytes[name] ?? 0
      sum.artifacts += to - from
      sums.set(text, sum)
    }
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).toSorted((left, right) => right.size - left.size || compareTexts(left.name, right.name))
}

function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** Versions, newest first; what is no version comes last. */
export function sortVersions(texts: readonly string[]): readonly string[] {
  const versions = texts.map((text) => ({ text, version: findVersion(text) }))
  return versions.toSorted((left, right) => compareKnown(right.version, left.version) || compareTexts(left.text, right.text)).map(({ text }) => text)
}

function compareKnown(left: Version | undefined, right: Version | undefined): number {
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined)
  return compareVersions(left, right)
}
