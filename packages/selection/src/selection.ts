import type { MatchSpec } from '@mirror/core'
import type { ClosureChoice } from './closure/closure-types.ts'

/** The two formats of artifacts, by their extension without the dot. */
export type ArtifactFormat = 'conda' | 'tar.bz2'

/** Which formats are kept. `prefer` drops an artifact whose twin of the preferred format (same name, version and build) is kept. */
export interface FormatChoice {
  readonly allowed: readonly ArtifactFormat[]
  readonly prefer?: ArtifactFormat | undefined
}

/** How many of the newest are kept of each name, in each subdir. Left out: all. */
export interface LatestChoice {
  /** Versions. */
  readonly versions?: number | undefined
  /** Build numbers of each version that is kept: all variants of a build number stand or fall together. */
  readonly builds?: number | undefined
}

/**
 * What is wanted of a channel: the selection language, parsed. Each rule holds alone; a rule that is left out changes nothing. They are applied in the order of
 * `RULES`, each to what the ones before it left.
 */
export interface Selection {
  /** Only these names (`pkg_list`). Not together with `licenseBlacklist`, `blacklist` and `whitelist`. */
  readonly packages?: readonly string[] | undefined
  /** Families of licences to leave out. */
  readonly licenseBlacklist?: readonly string[] | undefined
  /** Names to leave out. */
  readonly blacklist?: readonly string[] | undefined
  /** Names to add back, of those that the two above left out. */
  readonly whitelist?: readonly string[] | undefined
  /** Records to leave out. */
  readonly exclude?: readonly MatchSpec[] | undefined
  /** With `exclude`: records to add back, of those that it left out. Alone: the only records. */
  readonly include?: readonly MatchSpec[] | undefined
  /** Pythons, as `3.10`: what can run on none of them is left out. */
  readonly pythonVersions?: readonly string[] | undefined
  /** Bytes that an artifact may have. */
  readonly maximumSize?: number | undefined
  /** Milliseconds since the epoch (`newer_than` with a date); a record's time is its `indexed_timestamp`, else its `timestamp`. */
  readonly newerThan?: number | undefined
  /** Milliseconds that may have gone by since the record's time (`newer_than` with an age, such as `90d`: the window moves). Decided by the rule `newer_than`. */
  readonly maximumAge?: number | undefined
  /** Milliseconds since the epoch (`older_than` with a date). */
  readonly olderThan?: number | undefined
  /** Milliseconds that must have gone by since the record's time (`minimum_age`, and `older_than` with an age). */
  readonly minimumAge?: number | undefined
  /** What the three rules about time do with a record that has none. Default `keep`. */
  readonly undated?: 'keep' | 'drop' | undefined
  readonly formats?: FormatChoice | undefined
  readonly latest?: LatestChoice | undefined
  readonly closure?: ClosureChoice | undefined
}

/** The rules by the names of the configuration's keys, in the order in which they are applied. */
export const RULES = [
  'pkg_list', 'license_blacklist', 'blacklist', 'whitelist', 'exclude', 'include', 'python_versions', 'maximum_size', 'newer_than', 'older_than', 'minimum_age',
  'formats', 'latest', 'closure',
] as const

/** One of `RULES`. */
export type RuleName = (typeof RULES)[number]
