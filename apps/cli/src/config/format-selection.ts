import { formatMatchSpec, type MatchSpec, redactText } from '@mirror/core'
import type { FormatChoice, LatestChoice, Selection } from '@mirror/selection'
import type { ChannelConfig } from './config.ts'
import { formatDateKey, formatDurationKey } from './units.ts'

/**
 * The selection of a channel as the keys of a file, in their order; `budget` with them. Only keys that say something are there. A match spec can name a channel by a URL with a
 * secret, which is hidden unless `showSecrets`.
 */
export function formatSelection({ selection, seedFiles, budget }: ChannelConfig, showSecrets: boolean): ReadonlyMap<string, unknown> {
  const formatSpecs = (specs: readonly MatchSpec[]): readonly string[] => specs.map(formatMatchSpec).map((text) => (showSecrets ? text : redactText(text)))
  const { packages, licenseBlacklist, blacklist, whitelist, exclude, include, pythonVersions, maximumSize, minimumAge, undated, formats, latest } = selection
  const keys: readonly (readonly [string, unknown])[] = [
    ['pkg_list', packages],
    ['license_blacklist', licenseBlacklist],
    ['blacklist', blacklist],
    ['whitelist', whitelist],
    ['exclude', exclude === undefined ? undefined : formatSpecs(exclude)],
    ['include', include === undefined ? undefined : formatSpecs(include)],
    ['python_versions', pythonVersions],
    ['maximum_size', maximumSize],
    ['newer_than', formatTime(selection.newerThan, selection.maximumAge)],
    ['older_than', formatTime(selection.olderThan, undefined)],
    ['minimum_age', minimumAge === undefined ? undefined : formatDurationKey(minimumAge)],
    ['undated', undated],
    ['formats', formats === undefined ? undefined : formatFormats(formats)],
    ['latest', latest === undefined ? undefined : formatLatest(latest)],
    ['closure', formatClosure(selection, { seedFiles, formatSpecs })],
    ['budget', budget === undefined ? undefined : dropUndefined(budget)],
  ]
  return new Map(keys.filter(([, value]) => value !== undefined))
}

function formatTime(date: number | undefined, age: number | undefined): string | number | undefined {
  return date === undefined ? (age === undefined ? undefined : formatDurationKey(age)) : formatDateKey(date)
}

function formatFormats({ allowed, prefer }: FormatChoice): unknown {
  if (prefer === undefined) return allowed
  return allowed.length > 1 ? { prefer } : { allow: allowed, prefer }
}

function formatLatest({ versions, builds }: LatestChoice): unknown {
  return builds === undefined && versions !== undefined ? versions : dropUndefined({ versions, builds })
}

interface ClosureFormat {
  readonly seedFiles: ChannelConfig['seedFiles']
  readonly formatSpecs: (specs: readonly MatchSpec[]) => readonly string[]
}

function formatClosure({ closure }: Selection, { seedFiles: { environments, locks }, formatSpecs }: ClosureFormat): unknown {
  if (closure === undefined) return undefined
  const { specs, virtualPackages, elsewhere, exact } = closure
  const virtual = [...virtualPackages].map(([platform, packages]) => [platform, packages.map(({ name, version, build }) => `${name}=${version}=${build}`)] as const)
  return {
    ...(specs.length === 0 ? {} : { specs: formatSpecs(specs) }),
    ...(environments.length === 0 ? {} : { environments }),
    ...(locks.length === 0 ? {} : { locks }),
    ...(virtual.length === 0 ? {} : { virtual_packages: Object.fromEntries(virtual) }),
    ...(elsewhere === true ? { elsewhere } : {}),
    ...(exact === true ? { exact } : {}),
  }
}

function dropUndefined(fields: object): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
