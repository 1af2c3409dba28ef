import { isMirrorError } from '../errors.ts'
import { invalidMatchSpec } from '../match-spec/match-spec-error.ts'
import { endOfRegex } from '../match-spec/regex-end.ts'
import { parseStringPattern, type StringPattern } from '../match-spec/string-pattern.ts'
import { compareVersions, findVersion, parseVersion, type Version, versionStartsWith } from './version.ts'

/** An ordered comparison. */
export type VersionOperator = '==' | '!=' | '<' | '<=' | '>' | '>='

/** A version expression of CEP 29 as a tree. */
export type VersionClause =
  | { readonly type: 'any' }
  | { readonly type: 'all-of' | 'one-of'; readonly of: readonly VersionClause[] }
  | { readonly type: 'compare'; readonly operator: VersionOperator; readonly version: Version }
  | { readonly type: 'starts-with'; readonly version: Version; readonly isNegated: boolean }
  | { readonly type: 'compatible'; readonly version: Version; readonly series: Version }
  | { readonly type: 'text'; readonly pattern: StringPattern; readonly isNegated: boolean }

/** Which versions are wanted. */
export interface VersionSpec {
  /** The canonical expression: lower case, no spaces, fuzzy equality as `1.8.*`, exact equality as `==1.8`. */
  readonly text: string
  readonly clause: VersionClause
  /** True for a wanted version. Text that is no version (of a record) is matched by `*`, globs and regular expressions only. */
  readonly matches: (version: Version | string) => boolean
}

const MAXIMUM_LENGTH = 16_384
const MAXIMUM_DEPTH = 50
const LITERAL = /[A-Za-z0-9._+*!-]/
const OPERATORS = ['==', '!=', '<=', '>=', '~=', '=', '<', '>'] as const
type WrittenOperator = (typeof OPERATORS)[number] | ''

/**
 * Parses a version expression of CEP 29: `,` binds tighter than `|`, parentheses, the operators `== = != < > <= >= ~=`,
 * `.*` and `*` behind a version (fuzzy), `*` inside (glob over the text), `^…$` (regular expression over the text), a single `*`.
 *
 * Where clients and CEP differ: `!=1.2` is exact, as in all clients; `==1.2.*` is fuzzy, as in the CEP's table; `.*` behind
 * `<`, `>`, `<=`, `>=` is left out, as conda does; `~=1` is `>=1`, as in rattler. Throws `MATCH_SPEC_INVALID`.
 */
export function parseVersionSpec(text: string): VersionSpec {
  const { clause, end } = readVersionExpression(text, 0)
  const rest = text.slice(end)
  if (rest.trim() !== '') throw invalidMatchSpec(text, end, `${JSON.stringify(rest.trim().slice(0, 40))} is left over behind the version`)
  return createVersionSpec(clause)
}

/** The spec of a clause. */
export function createVersionSpec(clause: VersionClause): VersionSpec {
  return { text: formatClause(clause), clause, matches: (version) => matchesClause(clause, version) }
}

/** A clause that was read from some text, and where it ends. */
export interface VersionExpression {
  readonly clause: VersionClause
  readonly end: number
}

/** Reads one whole expression from `start` and stops where none of it can go on: at a space, a `=`, a bracket, the end. */
export function readVersionExpression(text: string, start: number): VersionExpression {
  if (text.length > MAXIMUM_LENGTH) throw invalidMatchSpec(text, MAXIMUM_LENGTH, `it is longer than ${MAXIMUM_LENGTH} characters`)
  return readJoined({ text, depth: 0 }, start, '|')
}

interface Source {
  readonly text: string
  readonly depth: number
}

function skipSpaces(text: string, start: number): number {
  let position = start
  while (text[position] === ' ' || text[position] === '\t') position += 1
  return position
}

function readJoined(source: Source, start: number, separator: ',' | '|'): VersionExpression {
  const parts: VersionClause[] = []
  let position = start
  for (;;) {
    const part = separator === '|' ? readJoined(source, position, ',') : readPrimary(source, position)
    parts.push(part.clause)
    position = skipSpaces(source.text, part.end)
    if (source.text[position] !== separator) return { clause: join(parts, separator), end: part.end }
    position += 1
  }
}

function join(parts: readonly VersionClause[], separator: ',' | '|'): VersionClause {
  const type = separator === ',' ? 'all-of' : 'one-of'
  const of = parts.flatMap((part) => (part.type === type ? part.of : [part]))
  return of.length === 1 && of[0] !== undefined ? of[0] : { type, of }
}

function readPrimary(source: Source, start: number): VersionExpression {
  const { text } = source
  const position = skipSpaces(text, start)
  if (text[position] === '(') return readGroup(source, position)
  const operator = readOperator(text, position)
  const from = operator === '' ? position : skipSpaces(text, position + operator.length)
  if (text[from] === '^') return readRegex(source, operator, from)
  let end = from
  while (LITERAL.test(text[end] ?? '') && !(text[end] === '!' && text[end + 1] === '=')) end += 1
  if (end === from) throw invalidMatchSpec(text, from, operator === '' ? 'a version is missing' : `a version is missing behind ${operator}`)
  return { clause: createClause({ text, operator, literal: text.slice(from, end), position: from }), end }
}

function readGroup({ text, depth }: Source, open: number): VersionExpression {
  if (depth === MAXIMUM_DEPTH) throw invalidMatchSpec(text, open, `parentheses nest deeper than ${MAXIMUM_DEPTH}`)
  const { clause, end } = readJoined({ text, depth: depth + 1 }, open + 1, '|')
  const close = skipSpaces(text, end)
  if (text[close] !== ')') throw invalidMatchSpec(text, close, 'a closing parenthesis is missing')
  return { clause, end: close + 1 }
}

function readOperator(text: string, position: number): WrittenOperator {
  return OPERATORS.find((operator) => text.startsWith(operator, position)) ?? ''
}

/** True for the operators that text can be compared with. */
function isForText(operator: WrittenOperator): boolean {
  return operator === '' || operator === '=' || operator === '==' || operator === '!='
}

function readRegex({ text }: Source, operator: WrittenOperator, start: number): VersionExpression {
  if (!isForText(operator)) throw invalidMatchSpec(text, start, `${operator} cannot be used with a regular expression`)
  const end = endOfRegex(text, start)
  const pattern = parseStringPattern(text.slice(start, end))
  return { clause: { type: 'text', pattern, isNegated: operator === '!=' }, end }
}

interface WrittenClause {
  readonly text: string
  readonly operator: WrittenOperator
  readonly literal: string
  /** Where the literal stands in the text. */
  readonly position: number
}

function createClause(written: WrittenClause): VersionClause {
  const stem = written.literal.replace(/\.?\*+$/, '')
  if (stem === '') return createAny(written)
  if (stem.includes('*')) return createGlob(written)
  const version = readLiteral(written, stem)
  return stem === written.literal ? createPlain(written.operator, version) : createFuzzy(written, version)
}

function createPlain(operator: WrittenOperator, version: Version): VersionClause {
  switch (operator) {
    case '': return { type: 'compare', operator: '==', version }
    case '=': return { type: 'starts-with', version, isNegated: false }
    case '~=': return createCompatible(version)
    default: return { type: 'compare', operator, version }
  }
}

/** With `.*` or `*` behind the version, which an order has no use for. */
function createFuzzy({ text, operator, position }: WrittenClause, version: Version): VersionClause {
  if (operator === '~=') throw invalidMatchSpec(text, position, '~= cannot be used with *')
  if (operator === '' || operator === '=' || operator === '==') return { type: 'starts-with', version, isNegated: false }
  return operator === '!=' ? { type: 'starts-with', version, isNegated: true } : { type: 'compare', operator, version }
}

function createAny({ text, operator, position }: WrittenClause): VersionClause {
  if (operator === '' || operator === '=' || operator === '==') return { type: 'any' }
  throw invalidMatchSpec(text, position, `${operator} cannot be used with *`)
}

function createGlob({ text, operator, literal, position }: WrittenClause): VersionClause {
  if (!isForText(operator)) throw invalidMatchSpec(text, position, `${operator} cannot be used with * inside of a version`)
  return { type: 'text', pattern: parseStringPattern(literal), isNegated: operator === '!=' }
}

function readLiteral({ text, position }: WrittenClause, literal: string): Version {
  try {
    return parseVersion(literal)
  } catch (error) {
    if (!isMirrorError(error, 'VERSION_INVALID')) throw error
    throw invalidMatchSpec(text, position, `${JSON.stringify(literal.slice(0, 100))} is no version: ${String(error.details['reason'])}`)
  }
}

/** `~=1.2.3` is `>=1.2.3,1.2.*`; with one segment nothing is left to be fuzzy about. */
function createCompatible(version: Version): VersionClause {
  const segments = version.main.slice(0, -1)
  const series: Version = { text: '', main: segments, local: [] }
  return segments.length === 1 ? { type: 'compare', operator: '>=', version } : { type: 'compatible', version, series }
}

function matchesClause(clause: VersionClause, candidate: Version | string): boolean {
  const parsed = typeof candidate === 'string' ? findVersion(candidate) : candidate
  return decide(clause, parsed, typeof candidate === 'string' ? candidate : candidate.text)
}

function decide(clause: VersionClause, version: Version | undefined, text: string): boolean {
  switch (clause.type) {
    case 'any': return true
    case 'all-of': return clause.of.every((part) => decide(part, version, text))
    case 'one-of': return clause.of.some((part) => decide(part, version, text))
    case 'text': return clause.pattern.matches(text) !== clause.isNegated
    default: return version !== undefined && decideVersion(clause, version)
  }
}

function decideVersion(clause: Extract<VersionClause, { readonly version: Version }>, version: Version): boolean {
  if (clause.type === 'starts-with') return versionStartsWith(version, clause.version) !== clause.isNegated
  const order = compareVersions(version, clause.version)
  if (clause.type === 'compatible') return order >= 0 && versionStartsWith(version, clause.series)
  switch (clause.operator) {
    case '==': return order === 0
    case '!=': return order !== 0
    case '<': return order < 0
    case '<=': return order <= 0
    case '>': return order > 0
    case '>=': return order >= 0
  }
}

function formatClause(clause: VersionClause): string {
  switch (clause.type) {
    case 'any': return '*'
    case 'all-of': return clause.of.map((part) => (part.type === 'one-of' ? `(${formatClause(part)})` : formatClause(part))).join(',')
    case 'one-of': return clause.of.map(formatClause).join('|')
    case 'compare': return `${clause.operator}${clause.version.text.toLowerCase()}`
    case 'starts-with': return `${clause.isNegated ? '!=' : ''}${clause.version.text.toLowerCase()}.*`
    case 'compatible': return `~=${clause.version.text.toLowerCase()}`
    case 'text': return `${clause.isNegated ? '!=' : ''}${clause.pattern.text}`
  }
}
