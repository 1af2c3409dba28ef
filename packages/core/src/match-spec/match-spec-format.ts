import type { MatchCondition, MatchSpec, MatchSpecField } from './match-spec-types.ts'
import { isKnownSubdir } from '../channel/safe-folder.ts'
import type { StringPattern } from './string-pattern.ts'
import type { VersionSpec } from '../version/version-spec.ts'

/**
 * The canonical string of a match spec by appendix A of CEP 29: exact and fuzzy versions, exact builds, channel and subdir in
 * their places, all else in brackets, sorted, in single quotes, in lower case (regular expressions as they are).
 */
export function formatMatchSpec(spec: MatchSpec): string {
  const { fields } = spec
  const channel = exactText(fields.get('channel'))
  const subdir = channel === undefined ? undefined : exactText(fields.get('subdir'), isKnownSubdir)
  const version = spec.version === undefined ? undefined : positionalVersion(spec.version)
  const build = version?.startsWith('==') === true ? positionalBuild(fields.get('build')) : undefined
  const positional = new Map<string, string | undefined>([['channel', channel], ['subdir', subdir], ['version', version], ['build', build]])
  const pairs = formatPairs(spec, (key) => positional.get(key) !== undefined)
  return `${prefixed('', formatOrigin(channel, subdir), '::')}${spec.name.text}${version ?? ''}${prefixed('=', build, '')}${pairs}`
}

function formatOrigin(channel: string | undefined, subdir: string | undefined): string | undefined {
  return channel === undefined ? undefined : `${channel}${prefixed('/', subdir, '')}`
}

function prefixed(before: string, text: string | undefined, behind: string): string {
  return text === undefined ? '' : `${before}${text}${behind}`
}

/** A condition, with parentheses only where they are needed. */
export function formatMatchCondition(condition: MatchCondition): string {
  if (condition.type === 'spec') return formatMatchSpec(condition.spec)
  return condition.of
    .map((part) => (condition.type === 'and' && part.type === 'or' ? `(${formatMatchCondition(part)})` : formatMatchCondition(part)))
    .join(` ${condition.type} `)
}

function exactText(pattern: StringPattern | undefined, isAllowed: (text: string) => boolean = isPlain): string | undefined {
  return pattern?.type === 'exact' && isAllowed(pattern.text) ? pattern.text : undefined
}

function isPlain(text: string): boolean {
  return /^[a-z0-9._~%+@/:-]+$/.test(text)
}

function positionalVersion({ clause, text }: VersionSpec): string | undefined {
  if (clause.type === 'compare' && clause.operator === '==') return text
  return clause.type === 'starts-with' && !clause.isNegated ? `=${text.slice(0, -2)}` : undefined
}

function positionalBuild(pattern: StringPattern | undefined): string | undefined {
  return pattern?.type === 'exact' && /^[a-z0-9._+]+$/.test(pattern.text) ? pattern.text : undefined
}

function formatPairs(spec: MatchSpec, isInPlace: (key: MatchSpecField | 'version') => boolean): string {
  const pairs: [string, string][] = []
  for (const [field, pattern] of spec.fields) if (!isInPlace(field)) pairs.push([field, quote(pattern.text)])
  if (spec.version !== undefined && !isInPlace('version')) pairs.push(['version', quote(spec.version.text)])
  if (spec.extras.length > 0) pairs.push(['extras', formatList(spec.extras)])
  if (spec.flags.length > 0) pairs.push(['flags', formatList(spec.flags.map((flag) => flag.text))])
  if (spec.when !== undefined) pairs.push(['when', quote(formatMatchCondition(spec.when))])
  if (pairs.length === 0) return ''
  pairs.sort(([left], [right]) => (left < right ? -1 : 1))
  return `[${pairs.map(([key, value]) => `${key}=${value}`).join(',')}]`
}

function formatList(items: readonly string[]): string {
  return `[${items.map(quote).join(',')}]`
}

/**
 * In single quotes, as the CEP says, but in double ones where that saves escapes, which conda and rattler do not read.
 * Escapes what our parser reads as an escape, and no other backslash.
 */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replace(/\\(?=["'\\]|$)/g, '\\\\')
  return `${mark}${mark === "'" ? escaped.replaceAll("'", "\\'") : escaped}${mark}`
}
