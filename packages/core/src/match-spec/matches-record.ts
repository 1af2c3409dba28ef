import { canonicalChannel, DEFAULT_CHANNEL_ALIAS } from '../channel/channel-url.ts'
import type { MatchSpec, MatchSpecField } from './match-spec-types.ts'
import { isKnownSubdir } from '../channel/safe-folder.ts'
import type { StringPattern } from './string-pattern.ts'
import type { Version } from '../version/version.ts'

/** What is known of an artifact, under the names of repodata. Values of other types than expected count as absent. */
export interface MatchableRecord {
  readonly name: string
  /** Parsed, where the caller has it already. */
  readonly version: string | Version
  readonly build?: unknown
  readonly build_number?: unknown
  readonly subdir?: unknown
  /** A name or a URL, with or without the subdir. */
  readonly channel?: unknown
  readonly url?: unknown
  readonly fn?: unknown
  readonly md5?: unknown
  readonly sha256?: unknown
  readonly license?: unknown
  readonly license_family?: unknown
  readonly features?: unknown
  readonly track_features?: unknown
  readonly flags?: unknown
}

/** What a comparison of channels depends on. */
export interface MatchRecordOptions {
  /** Default `https://conda.anaconda.org`. */
  readonly channelAlias?: string
}

/**
 * True when a record is what the spec asks for, by the rules of CEP 29: strings without regard to case (in all fields, unlike
 * conda's build and rattler's licence), numbers as strings. `when` and `extras` say nothing about a record. An absent field
 * matches nothing. Beyond the CEP, as conda and rattler have it: `build_number` takes `>=3` and the like; `features` and
 * `track_features` are lists, each of whose wanted words the record has to have.
 */
export function matchesRecord(spec: MatchSpec, record: MatchableRecord, options: MatchRecordOptions = {}): boolean {
  if (!spec.name.matches(record.name)) return false
  if (spec.version !== undefined && !spec.version.matches(record.version)) return false
  for (const [field, pattern] of spec.fields) if (!matchesField({ field, pattern }, record, options)) return false
  return spec.flags.length === 0 || matchesFlags(spec.flags, record.flags)
}

interface WantedField {
  readonly field: MatchSpecField
  readonly pattern: StringPattern
}

function matchesField({ field, pattern }: WantedField, record: MatchableRecord, options: MatchRecordOptions): boolean {
  const value = textOf(record[field])
  if (field === 'features' || field === 'track_features') return matchesWords(pattern, wordsOf(record[field]))
  if (value === undefined) return false
  if (field === 'channel') return matchesChannel(pattern, value, options.channelAlias ?? DEFAULT_CHANNEL_ALIAS)
  return pattern.matches(value)
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
}

/** Both sides become URLs; a glob or regular expression may also match the name below the alias. */
function matchesChannel(pattern: StringPattern, value: string, alias: string): boolean {
  const whole = canonicalChannel(value, alias).toLowerCase()
  const slash = whole.lastIndexOf('/')
  const url = isKnownSubdir(whole.slice(slash + 1)) ? whole.slice(0, slash) : whole
  if (pattern.type === 'exact') return url === canonicalChannel(pattern.text, alias).toLowerCase()
  return pattern.matches(url) || (url.startsWith(`${alias}/`) && pattern.matches(url.slice(alias.length + 1)))
}

function wordsOf(value: unknown): readonly string[] {
  const words: readonly unknown[] = Array.isArray(value) ? value : typeof value === 'string' ? value.split(/[\s,]+/) : []
  return words.filter((word) => typeof word === 'string' && word !== '').map(String)
}

function matchesWords(pattern: StringPattern, words: readonly string[]): boolean {
  if (pattern.type !== 'exact') return words.some((word) => pattern.matches(word))
  const present = new Set(words.map((word) => word.toLowerCase()))
  return wordsOf(pattern.text).every((word) => present.has(word))
}

function matchesFlags(wanted: readonly StringPattern[], value: unknown): boolean {
  const flags = wordsOf(value)
  return wanted.every((flag) => flags.some((present) => flag.matches(present)))
}
