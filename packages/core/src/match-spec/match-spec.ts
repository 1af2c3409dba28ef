import { parseMatchCondition } from './match-spec-condition.ts'
import { invalidMatchSpec } from './match-spec-error.ts'
import { type ParsedKeywords, parseKeywords } from './match-spec-keywords.ts'
import { MATCH_SPEC_FIELDS, type MatchSpec, type MatchSpecField } from './match-spec-types.ts'
import { endOfRegex } from './regex-end.ts'
import { isKnownSubdir } from '../channel/safe-folder.ts'
import { ANYTHING, parseStringPattern, type StringPattern } from './string-pattern.ts'
import { createVersionSpec, parseVersionSpec, readVersionExpression, type VersionExpression, type VersionSpec } from '../version/version-spec.ts'

const MAXIMUM_LENGTH = 16_384
const NAME_END = /[^A-Za-z0-9._*-]/
const NAME_START = /^[A-Za-z0-9_*^]/
const NAME_FOLLOWER = /[\s=<>!~(]/
const BUILD = /[A-Za-z0-9._+*]/
const NO_KEYWORDS: ParsedKeywords = { values: new Map(), extras: [], flags: [], when: undefined }

/**
 * Parses a match spec: `(channel(/subdir):(namespace):)name(version(build))[key=value,…]`, all of CEP 29, and the keywords
 * `when` (CEP 43), `extras` (CEP 44) and `flags` (CEP 45). Left out, as in the CEP: `@feature`, `(optional)`,
 * `channel[subdir]::`, comments. Stricter than conda: a build behind `name=version` needs `=` too, nothing may stand behind
 * the brackets, a key may occur once. Throws `MATCH_SPEC_INVALID` with `spec`, `position` (from 0) and `reason` in `details`;
 * `spec` is the value alone where a value in brackets is at fault, and `position` counts in it.
 */
export function parseMatchSpec(text: string): MatchSpec {
  if (text.length > MAXIMUM_LENGTH) throw invalidMatchSpec(text, MAXIMUM_LENGTH, `it is longer than ${MAXIMUM_LENGTH} characters`)
  const bracket = findBracket(text)
  const end = bracket ?? text.length
  const keywords = bracket === undefined ? NO_KEYWORDS : parseKeywords(text, bracket)
  const colons = findColons(text, end)
  const group = readChannelGroup(text, colons)
  const positional = readNameGroup(text, (colons.at(-1) ?? -1) + 1, end)
  return assemble(group, positional, keywords)
}

/** Where the brackets begin, skipping regular expressions. */
function findBracket(text: string): number | undefined {
  return scan(text, text.length, (character) => character === '[')[0]
}

/** The last two colons before the name: those around the namespace. */
function findColons(text: string, end: number): readonly number[] {
  return scan(text, end, (character) => character === ':').slice(-2)
}

/** Positions of characters outside of regular expressions. */
function scan(text: string, end: number, isWanted: (character: string) => boolean): number[] {
  const found: number[] = []
  for (let position = 0; position < end; position += 1) {
    const character = text[position] ?? ''
    if (isWanted(character)) {
      found.push(position)
      if (character === '[') return found
    } else if (character === '^') position = endOfRegex(text, position) - 1
  }
  return found
}

interface ChannelGroup {
  readonly channel: string | undefined
  readonly subdir: string | undefined
}

function readChannelGroup(text: string, colons: readonly number[]): ChannelGroup {
  const [first, second] = colons
  // One colon ends a namespace, which is read over.
  if (first === undefined || second === undefined) return { channel: undefined, subdir: undefined }
  if (/[/[\]]/.test(text.slice(first + 1, second))) throw invalidMatchSpec(text, second, 'a channel is followed by ::')
  return splitChannel(text.slice(0, first).trim())
}

/** A known subdir at the end of a channel is its subdir; a regular expression is not taken apart. */
function splitChannel(text: string): ChannelGroup {
  const slash = text.lastIndexOf('/')
  const last = text.slice(slash + 1)
  if (text === '') return { channel: undefined, subdir: undefined }
  if (slash < 0 || !isKnownSubdir(last)) return { channel: text, subdir: undefined }
  const channel = text.slice(0, slash)
  if (isKnownSubdir(channel.slice(channel.lastIndexOf('/') + 1))) throw invalidMatchSpec(text, 0, 'a channel cannot end in a subdir')
  return { channel: channel === '' ? undefined : channel, subdir: last }
}

interface NameGroup {
  readonly name: StringPattern
  readonly version: VersionSpec | undefined
  readonly build: StringPattern | undefined
}

function readNameGroup(text: string, start: number, end: number): NameGroup {
  const from = skipSpaces(text, start, end)
  const nameEnd = readNameEnd(text, from, end)
  const name = parseStringPattern(text.slice(from, nameEnd))
  const next = skipSpaces(text, nameEnd, end)
  if (next === end) return { name, version: undefined, build: undefined }
  return { name, ...readVersionAndBuild(text.slice(0, end), { position: next, isGlued: next === nameEnd }) }
}

function skipSpaces(text: string, start: number, end: number): number {
  let position = start
  while (position < end && (text[position] === ' ' || text[position] === '\t')) position += 1
  return position
}

function readNameEnd(text: string, start: number, end: number): number {
  if (start >= end) throw invalidMatchSpec(text, start, 'the name is missing; * stands for any')
  if (!NAME_START.test(text[start] ?? '')) throw invalidMatchSpec(text, start, 'a name cannot start like this')
  if (text[start] === '^') return endOfRegex(text, start)
  const length = text.slice(start, end).search(NAME_END)
  if (length < 0) return end
  const follower = text[start + length] ?? ''
  if (NAME_FOLLOWER.test(follower)) return start + length
  throw invalidMatchSpec(text, start + length, `a name cannot have ${JSON.stringify(follower)}`)
}

interface Place {
  readonly position: number
  /** True when no space precedes: `name=1.8`, not `name =1.8`. */
  readonly isGlued: boolean
}

function readVersionAndBuild(text: string, { position, isGlued }: Place): Pick<NameGroup, 'version' | 'build'> {
  const expression = readVersionExpression(text, position)
  const afterVersion = skipSpaces(text, expression.end, text.length)
  if (afterVersion === text.length) return { version: createVersionSpec(expression.clause), build: undefined }
  const isSeparator = isGlued && text[position] === '=' && text[position + 1] !== '='
  const hasEqual = text[afterVersion] === '='
  if (!hasEqual) checkSpace(text, afterVersion, { isSeparator, isSpaced: afterVersion > expression.end })
  const build = readBuild(text, hasEqual ? afterVersion + 1 : afterVersion)
  return { version: isSeparator ? asExact(expression, text.slice(position, expression.end)) : createVersionSpec(expression.clause), build }
}

function checkSpace(text: string, position: number, found: { readonly isSeparator: boolean; readonly isSpaced: boolean }): void {
  if (found.isSeparator) throw invalidMatchSpec(text, position, 'a build behind name=version is separated by = too, or all by spaces')
  if (!found.isSpaced) throw invalidMatchSpec(text, position, `${JSON.stringify(text[position])} cannot follow a version`)
}

/** In `name=1.8=build` the first `=` separates, so the version is exact; in `name=1.8.*=build` it has its own glob. */
function asExact({ clause }: VersionExpression, written: string): VersionSpec {
  const isPlain = clause.type === 'starts-with' && !clause.isNegated && !written.includes('*')
  return isPlain ? createVersionSpec({ type: 'compare', operator: '==', version: clause.version }) : createVersionSpec(clause)
}

function readBuild(text: string, start: number): StringPattern {
  const from = skipSpaces(text, start, text.length)
  let end = from
  if (text[from] === '^') end = endOfRegex(text, from)
  else while (BUILD.test(text[end] ?? '')) end += 1
  if (end === from) throw invalidMatchSpec(text, from, 'a build is missing')
  const rest = skipSpaces(text, end, text.length)
  if (rest < text.length) throw invalidMatchSpec(text, rest, `${JSON.stringify(text[rest])} cannot follow or be part of a build`)
  return parseStringPattern(text.slice(from, end))
}

function assemble(group: ChannelGroup, positional: NameGroup, keywords: ParsedKeywords): MatchSpec {
  const { values, extras, flags, when } = keywords
  const version = values.get('version')
  return {
    name: positional.name,
    version: dropAny(version === undefined ? positional.version : parseVersionSpec(version)),
    fields: assembleFields(group, positional, values),
    extras,
    flags,
    when: when === undefined ? undefined : parseMatchCondition(when, parseMatchSpec),
  }
}

/** Brackets override what stands in place; what matches anything is left out; in order of the names. */
function assembleFields(group: ChannelGroup, positional: NameGroup, values: ReadonlyMap<string, string>): MatchSpec['fields'] {
  const inBrackets = splitChannel(values.get('channel') ?? '')
  const fields = new Map<MatchSpecField, StringPattern>()
  for (const field of MATCH_SPEC_FIELDS) {
    const pattern = readField(field, { group, positional, values, inBrackets })
    if (pattern !== undefined && pattern !== ANYTHING) fields.set(field, pattern)
  }
  return fields
}

interface FieldSources {
  readonly group: ChannelGroup
  readonly positional: NameGroup
  readonly values: ReadonlyMap<string, string>
  readonly inBrackets: ChannelGroup
}

function readField(field: MatchSpecField, { group, positional, values, inBrackets }: FieldSources): StringPattern | undefined {
  const value = values.get(field)
  switch (field) {
    case 'build': return value === undefined ? positional.build : patternOf(value)
    case 'build_number': return numberOf(value)
    case 'channel': return patternOf(inBrackets.channel ?? group.channel)
    case 'subdir': return patternOf(value ?? inBrackets.subdir ?? group.subdir)
    default: return patternOf(value)
  }
}

function patternOf(text: string | undefined): StringPattern | undefined {
  return text === undefined ? undefined : parseStringPattern(text.trim())
}

/** Clients compare numbers where the value starts with an operator; the CEP knows strings only. */
function numberOf(text: string | undefined): StringPattern | undefined {
  if (text === undefined || !/^\s*[=!<>~]/.test(text)) return patternOf(text)
  const range = parseVersionSpec(text)
  return { text: range.text, type: 'range', matches: range.matches }
}

function dropAny(version: VersionSpec | undefined): VersionSpec | undefined {
  return version?.clause.type === 'any' ? undefined : version
}
