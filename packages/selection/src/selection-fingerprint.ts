import { formatMatchSpec, type MatchSpec } from '@mirror/core'
import type { ClosureChoice } from './closure/closure-types.ts'
import type { Selection } from './selection.ts'

/**
 * A text that two selections share if they ask for the same by the same rules: everything in it, with specs in their canonical form. The order of names, specs, formats
 * and of all else that is a set does not count, nor does case in names, nor what is empty. Stable: it may be kept, to know later that the selection was changed.
 */
export function selectionFingerprint(selection: Selection): string {
  const { packages, licenseBlacklist, blacklist, whitelist, exclude, include, pythonVersions, formats, closure, latest, ...plain } = selection
  return JSON.stringify(normalize({
    ...plain,
    latest,
    packages: sortNames(packages),
    licenseBlacklist: sortTexts(licenseBlacklist),
    blacklist: sortNames(blacklist),
    whitelist: sortNames(whitelist),
    exclude: sortSpecs(exclude),
    include: sortSpecs(include),
    pythonVersions: sortTexts(pythonVersions),
    formats: formats === undefined ? undefined : { allowed: sortTexts(formats.allowed), prefer: formats.prefer },
    closure: closure === undefined ? undefined : describeClosure(closure),
  }))
}

function sortTexts(texts: readonly string[] | undefined): readonly string[] {
  return [...new Set(texts)].sort()
}

function sortNames(names: readonly string[] | undefined): readonly string[] {
  return sortTexts(names?.map((name) => name.toLowerCase()))
}

function sortSpecs(specs: readonly MatchSpec[] | undefined): readonly string[] {
  return sortTexts(specs?.map(formatMatchSpec))
}

/** An empty closure still is one: it keeps nothing. */
function describeClosure({ specs, environments = [], artifacts, virtualPackages, elsewhere = false, exact = false }: ClosureChoice): unknown {
  return {
    isClosure: true,
    elsewhere,
    ...(exact ? { exact } : {}),
    specs: sortSpecs(specs),
    environments: sortTexts(environments.map((environment) => JSON.stringify(sortSpecs(environment)))),
    artifacts: sortTexts(artifacts.map((artifact) => JSON.stringify(normalize({ ...artifact })))),
    virtualPackages: sortTexts([...virtualPackages].map(([platform, virtuals]) => JSON.stringify([platform, ...sortTexts(virtuals.map(({ name, version, build }) => `${name}=${version}=${build}`))]))),
  }
}

/** Keys in order, without what is undefined or an empty list. */
function normalize(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const members = Object.entries(value).filter(([, member]) => member !== undefined && !(Array.isArray(member) && member.length === 0))
  return Object.fromEntries(members.map(([key, member]): [string, unknown] => [key, normalize(member)]).sort(([left], [right]) => (left < right ? -1 : 1)))
}
