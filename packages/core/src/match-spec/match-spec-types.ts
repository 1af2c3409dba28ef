import type { StringPattern } from './string-pattern.ts'
import type { VersionSpec } from '../version/version-spec.ts'

/** Fields of a record, beside name and version, that a match spec can ask for. */
export const MATCH_SPEC_FIELDS = [
  'build', 'build_number', 'channel', 'features', 'fn', 'license', 'license_family', 'md5', 'sha256', 'subdir', 'track_features', 'url',
] as const

/** One of `MATCH_SPEC_FIELDS`. */
export type MatchSpecField = (typeof MATCH_SPEC_FIELDS)[number]

/** A query for artifacts, as CEP 29 defines it, with the keywords of CEP 43, 44 and 45. Only what is asked for is there. */
export interface MatchSpec {
  /** `*` for any name. */
  readonly name: StringPattern
  readonly version: VersionSpec | undefined
  readonly fields: ReadonlyMap<MatchSpecField, StringPattern>
  /** Groups of optional dependencies that are wanted too; they say nothing about which records match. */
  readonly extras: readonly string[]
  /** Each of them has to match one of the record's flags. */
  readonly flags: readonly StringPattern[]
  /** When the dependency counts; says nothing about which records match. */
  readonly when: MatchCondition | undefined
}

/** The value of `when` (CEP 43): match specs joined by `and`, `or` and parentheses. */
export type MatchCondition =
  | { readonly type: 'spec'; readonly spec: MatchSpec }
  | { readonly type: 'and' | 'or'; readonly of: readonly MatchCondition[] }
