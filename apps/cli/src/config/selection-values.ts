import type { MatchSpec } from '@mirror/core'
import type { FormatChoice, LatestChoice, VirtualPackage } from '@mirror/selection'

/** A point in time as a file writes it: a date, or an age that is counted from the run. */
export interface Moment {
  readonly type: 'date' | 'age'
  /** Since the epoch, or of the age. */
  readonly milliseconds: number
}

/** What must be installable from the mirror alone, as a file writes it. Paths are as they were written. */
export interface ClosureValues {
  readonly specs: readonly MatchSpec[]
  readonly environments: readonly string[]
  readonly locks: readonly string[]
  readonly virtualPackages: ReadonlyMap<string, readonly VirtualPackage[]>
  readonly elsewhere: boolean | undefined
  readonly exact: boolean | undefined
}

/** What a file says about the selection: at its top, or in a channel's entry. An empty list, and `false`, switch a rule off; undefined leaves it as it is. */
export interface SelectionValues {
  readonly pkg_list?: readonly string[] | undefined
  readonly license_blacklist?: readonly string[] | undefined
  readonly blacklist?: readonly string[] | undefined
  readonly whitelist?: readonly string[] | undefined
  readonly exclude?: readonly MatchSpec[] | undefined
  readonly include?: readonly MatchSpec[] | undefined
  readonly python_versions?: readonly string[] | undefined
  /** Bytes. */
  readonly maximum_size?: number | false | undefined
  readonly newer_than?: Moment | false | undefined
  readonly older_than?: Moment | false | undefined
  /** Milliseconds. */
  readonly minimum_age?: number | false | undefined
  readonly undated?: 'keep' | 'drop' | undefined
  readonly formats?: FormatChoice | false | undefined
  readonly latest?: LatestChoice | false | undefined
  readonly closure?: ClosureValues | false | undefined
}

/** The keys of `SelectionValues`, in the order of the reference page. */
export const SELECTION_KEYS: readonly (keyof SelectionValues)[] = [
  'pkg_list', 'license_blacklist', 'blacklist', 'whitelist', 'exclude', 'include', 'python_versions', 'maximum_size', 'newer_than', 'older_than', 'minimum_age',
  'undated', 'formats', 'latest', 'closure',
]

/** Keys whose numbers, dates and truth values are read as the text that stands in the file: `3.10` is not 3.1, and `- 7` is a name. */
export const TEXT_KEYS: ReadonlySet<string> = new Set([
  'pkg_list', 'license_blacklist', 'blacklist', 'whitelist', 'exclude', 'include', 'python_versions', 'newer_than', 'older_than', 'closure', 'file_mode',
  'directory_mode', 'group', 'dest_site', 'dest_channel',
])
