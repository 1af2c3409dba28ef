import { invalidMatchSpec } from './match-spec-error.ts'

/** Tells whether a character, in lower case, is one that is wanted. */
export type CharacterTest = (code: number) => boolean

/** What has to hold between two characters. */
export type Assertion = 'start' | 'end' | 'boundary' | 'no-boundary'

/** A regular expression as a tree. */
export type RegexNode =
  | { readonly type: 'character'; readonly test: CharacterTest }
  | { readonly type: 'assert'; readonly assertion: Assertion }
  | { readonly type: 'sequence'; readonly of: readonly RegexNode[] }
  | { readonly type: 'choice'; readonly of: readonly RegexNode[] }
  | { readonly type: 'repeat'; readonly node: RegexNode; readonly least: number; readonly most: number }

const MAXIMUM_REPEAT = 1000
const MAXIMUM_DEPTH = 50
const NOT_SUPPORTED = 'look-around, back references, named groups and inline flags are not supported'

interface Cursor {
  readonly pattern: string
  readonly characters: readonly string[]
  position: number
  depth: number
}

/** Parses the subset that `compileRegex` describes. Throws `MATCH_SPEC_INVALID` for all else. */
export function parseRegex(pattern: string): RegexNode {
  const cursor = { pattern, characters: Array.from(pattern), position: 0, depth: 0 }
  const node = parseChoice(cursor)
  if (cursor.position < cursor.characters.length) fail(cursor, 'a group has no beginning')
  return node
}

/** True for what `\\w` matches: ASCII letters, digits, `_`. */
export function isWordCode(code: number | undefined): boolean {
  return code !== undefined && (isDigit(code) || (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95)
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

function isSpace(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13)
}

const CLASSES: ReadonlyMap<string, CharacterTest> = new Map([
  ['d', isDigit], ['w', isWordCode], ['s', isSpace],
  ['D', (code: number) => !isDigit(code)], ['W', (code: number) => !isWordCode(code)], ['S', (code: number) => !isSpace(code)],
])
const CONTROLS: ReadonlyMap<string, number> = new Map([['n', 10], ['t', 9], ['r', 13], ['f', 12], ['v', 11]])

/** Text is in lower case when it is tested; what it is tested against is not yet. */
function literal(code: number): CharacterTest {
  const lower = String.fromCodePoint(code).toLowerCase().codePointAt(0) ?? code
  return (candidate) => candidate === lower
}

function range(from: number, to: number): CharacterTest {
  return (code) => {
    if (code >= from && code <= to) return true
    return code >= 97 && code <= 122 && code - 32 >= from && code - 32 <= to
  }
}

function fail({ pattern, characters, position }: Cursor, reason: string): never {
  throw invalidMatchSpec(pattern, characters.slice(0, position).join('').length, reason)
}

function peek(cursor: Cursor): string | undefined {
  return cursor.characters[cursor.position]
}

function take(cursor: Cursor, expected: string): boolean {
  if (peek(cursor) !== expected) return false
  cursor.position += 1
  return true
}

/** The next character; a pattern that ends here fails. */
function next(cursor: Cursor, reason: string): string {
  const character = peek(cursor) ?? fail(cursor, reason)
  cursor.position += 1
  return character
}

function parseChoice(cursor: Cursor): RegexNode {
  const parts = [parseSequence(cursor)]
  while (take(cursor, '|')) parts.push(parseSequence(cursor))
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'choice', of: parts }
}

function parseSequence(cursor: Cursor): RegexNode {
  const parts: RegexNode[] = []
  while (![undefined, '|', ')'].includes(peek(cursor))) parts.push(parseRepeat(cursor))
  return { type: 'sequence', of: parts }
}

function parseRepeat(cursor: Cursor): RegexNode {
  const node = parseAtom(cursor)
  const bounds = parseBounds(cursor)
  if (bounds === undefined) return node
  if (node.type === 'assert') fail(cursor, 'nothing to repeat')
  // Lazy or not makes no difference to whether something matches.
  take(cursor, '?')
  if (parseBounds(cursor) !== undefined) fail(cursor, 'a quantifier behind a quantifier')
  return { type: 'repeat', node, ...bounds }
}

interface Bounds {
  readonly least: number
  readonly most: number
}

function parseBounds(cursor: Cursor): Bounds | undefined {
  if (take(cursor, '*')) return { least: 0, most: Infinity }
  if (take(cursor, '+')) return { least: 1, most: Infinity }
  if (take(cursor, '?')) return { least: 0, most: 1 }
  return peek(cursor) === '{' ? parseBraces(cursor) : undefined
}

function parseBraces(cursor: Cursor): Bounds {
  const end = cursor.characters.indexOf('}', cursor.position)
  const found = /^([0-9]{1,4})(?:(,)([0-9]{0,4}))?$/.exec(cursor.characters.slice(cursor.position + 1, end).join(''))
  if (end < 0 || found === null) return fail(cursor, 'a brace that is no quantifier')
  const least = Number(found[1])
  const most = found[2] === undefined ? least : Number(found[3] === '' ? Infinity : found[3])
  if (least > most || least > MAXIMUM_REPEAT || (most > MAXIMUM_REPEAT && most !== Infinity)) fail(cursor, 'a quantifier out of range')
  cursor.position = end + 1
  return { least, most }
}

function parseAtom(cursor: Cursor): RegexNode {
  if (['*', '+', '?', '{'].includes(peek(cursor) ?? '')) fail(cursor, 'nothing to repeat')
  const character = next(cursor, 'something is missing')
  switch (character) {
    case '.': return { type: 'character', test: (code) => code !== 10 }
    case '^': return { type: 'assert', assertion: 'start' }
    case '$': return { type: 'assert', assertion: 'end' }
    case '(': return parseGroup(cursor)
    case '[': return { type: 'character', test: parseClass(cursor) }
    case '\\': return parseEscape(cursor)
    default: return { type: 'character', test: literal(codeOf(character)) }
  }
}

function parseGroup(cursor: Cursor): RegexNode {
  cursor.depth += 1
  if (cursor.depth > MAXIMUM_DEPTH) fail(cursor, `groups nest deeper than ${MAXIMUM_DEPTH}`)
  if (take(cursor, '?') && !take(cursor, ':')) fail(cursor, NOT_SUPPORTED)
  const node = parseChoice(cursor)
  if (!take(cursor, ')')) fail(cursor, 'a group has no end')
  cursor.depth -= 1
  return node
}

function parseEscape(cursor: Cursor): RegexNode {
  if (take(cursor, 'b')) return { type: 'assert', assertion: 'boundary' }
  if (take(cursor, 'B')) return { type: 'assert', assertion: 'no-boundary' }
  const escaped = parseEscaped(cursor)
  return { type: 'character', test: typeof escaped === 'number' ? literal(escaped) : escaped }
}

/** What stands behind a backslash: a class, or one character. */
function parseEscaped(cursor: Cursor): CharacterTest | number {
  const character = next(cursor, 'a backslash at the end')
  const found = CLASSES.get(character) ?? CONTROLS.get(character)
  if (found !== undefined) return found
  if (/[A-Za-z0-9]/.test(character)) fail(cursor, NOT_SUPPORTED)
  return codeOf(character)
}

function parseClass(cursor: Cursor): CharacterTest {
  const isNegated = take(cursor, '^')
  const tests = [parseClassItem(cursor)]
  while (![undefined, ']'].includes(peek(cursor))) tests.push(parseClassItem(cursor))
  if (!take(cursor, ']')) fail(cursor, 'a class has no end')
  return (code) => tests.some((test) => test(code)) !== isNegated
}

function parseClassItem(cursor: Cursor): CharacterTest {
  const from = parseClassCharacter(cursor)
  if (typeof from !== 'number') return from
  const isRange = peek(cursor) === '-' && (cursor.characters[cursor.position + 1] ?? ']') !== ']'
  if (!isRange) return literal(from)
  cursor.position += 1
  const to = parseClassCharacter(cursor)
  if (typeof to !== 'number' || to < from) return fail(cursor, 'a range that is none')
  return range(from, to)
}

function parseClassCharacter(cursor: Cursor): CharacterTest | number {
  return take(cursor, '\\') ? parseEscaped(cursor) : codeOf(next(cursor, 'a class has no end'))
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0
}
