import { invalidMatchSpec } from './match-spec-error.ts'

/** A regular expression that cannot hang: its search takes time proportional to states × characters. */
export interface SafeRegex {
  /** True when the expression matches somewhere in `text`; case does not matter. */
  readonly test: (text: string) => boolean
}

const MAXIMUM_STATES = 1000
const MAXIMUM_REPEAT = 1000
const MAXIMUM_DEPTH = 50
const MAXIMUM_STEPS = 20_000
const NOT_SUPPORTED = 'look-around, back references, named groups and inline flags are not supported'

type CharacterTest = (code: number) => boolean
type Assertion = 'start' | 'end' | 'boundary' | 'no-boundary'

/** One step of the automaton; `next` are numbers of states. */
interface State {
  readonly type: 'character' | 'split' | 'assert' | 'match'
  readonly test: CharacterTest | undefined
  readonly assertion: Assertion | undefined
  readonly next: number[]
}

/** What an expression is made of, before it becomes states. */
type Node =
  | { readonly type: 'character'; readonly test: CharacterTest }
  | { readonly type: 'assert'; readonly assertion: Assertion }
  | { readonly type: 'sequence'; readonly of: readonly Node[] }
  | { readonly type: 'choice'; readonly of: readonly Node[] }
  | { readonly type: 'repeat'; readonly node: Node; readonly least: number; readonly most: number }

/**
 * Compiles the common subset of Python's and Rust's regular expressions: literals, `.`, classes, `\d \w \s \b` and their
 * opposites, groups, alternatives, quantifiers (lazy ones too), `^` and `$`. Runs as Thompson's automaton, so nested
 * quantifiers are harmless (`reliability.md` U16). Throws `MATCH_SPEC_INVALID` for everything else, as CEP 29 allows.
 */
export function compileRegex(pattern: string): SafeRegex {
  const node = createParser(pattern).parse()
  const states: State[] = []
  const match = addState(states, { type: 'match', test: undefined, assertion: undefined, next: [] }, pattern)
  const start = build({ states, pattern, steps: 0 }, node, match)
  return { test: (text) => search(states, start, text.toLowerCase()) }
}

interface Builder {
  readonly states: State[]
  readonly pattern: string
  /** Repeating nothing adds no states, but takes time. */
  steps: number
}

function addState(states: State[], state: State, pattern: string): number {
  if (states.length >= MAXIMUM_STATES) throw invalidMatchSpec(pattern, 0, `the regular expression needs more than ${MAXIMUM_STATES} states`)
  states.push(state)
  return states.length - 1
}

function addSplit({ states, pattern }: Builder, next: number[]): number {
  return addState(states, { type: 'split', test: undefined, assertion: undefined, next }, pattern)
}

/** Adds the states of `node` in front of `next`; gives the number of the first. */
function build(builder: Builder, node: Node, next: number): number {
  const { states, pattern } = builder
  builder.steps += 1
  if (builder.steps > MAXIMUM_STEPS) throw invalidMatchSpec(pattern, 0, 'the regular expression repeats too much')
  switch (node.type) {
    case 'character':
      return addState(states, { type: 'character', test: node.test, assertion: undefined, next: [next] }, pattern)
    case 'assert':
      return addState(states, { type: 'assert', test: undefined, assertion: node.assertion, next: [next] }, pattern)
    case 'sequence':
      return node.of.reduceRight((behind, part) => build(builder, part, behind), next)
    case 'choice':
      return addSplit(builder, node.of.map((part) => build(builder, part, next)))
    case 'repeat':
      return buildRepeat(builder, node, next)
  }
}

function buildRepeat(builder: Builder, { node, least, most }: { node: Node; least: number; most: number }, next: number): number {
  let behind = next
  if (most === Infinity) {
    const targets = [next]
    behind = addSplit(builder, targets)
    targets.push(build(builder, node, behind))
  } else {
    for (let count = least; count < most; count += 1) behind = addSplit(builder, [next, build(builder, node, behind)])
  }
  for (let count = 0; count < least; count += 1) behind = build(builder, node, behind)
  return behind
}

/** Walks all states at once over the text, and starts anew at each character: a search, not a match. */
function search(states: readonly State[], start: number, text: string): boolean {
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0)
  const seen = new Int32Array(states.length).fill(-1)
  let current: number[] = []
  for (let position = 0; position <= codes.length; position += 1) {
    const reached: number[] = []
    const walk = { states, codes, position, seen, reached }
    if (current.some((state) => follow(walk, state)) || follow(walk, start)) return true
    const code = codes[position]
    if (code === undefined) return false
    current = reached.filter((state) => states[state]?.test?.(code)).map((state) => states[state]?.next[0] ?? 0)
  }
  return false
}

interface Walk {
  readonly states: readonly State[]
  readonly codes: readonly number[]
  readonly position: number
  /** The position at which a state was last reached. */
  readonly seen: Int32Array
  /** Receives the states that wait for a character. */
  readonly reached: number[]
}

/** Follows all steps that need no character; true when one of them is the match. */
function follow({ states, codes, position, seen, reached }: Walk, from: number): boolean {
  const waiting = [from]
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    const state = states[number]
    if (state === undefined || seen[number] === position) continue
    seen[number] = position
    if (state.type === 'match') return true
    if (state.type === 'character') reached.push(number)
    else if (state.assertion === undefined || holds(state.assertion, codes, position)) waiting.push(...state.next)
  }
  return false
}

function holds(assertion: Assertion, codes: readonly number[], position: number): boolean {
  if (assertion === 'start') return position === 0
  if (assertion === 'end') return position === codes.length
  const isBoundary = isWordCode(codes[position - 1]) !== isWordCode(codes[position])
  return isBoundary === (assertion === 'boundary')
}

function isWordCode(code: number | undefined): boolean {
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

function createParser(pattern: string): { readonly parse: () => Node } {
  const characters = Array.from(pattern)
  let position = 0
  let depth = 0

  function fail(reason: string): never {
    throw invalidMatchSpec(pattern, characters.slice(0, position).join('').length, reason)
  }

  function take(expected: string): boolean {
    if (characters[position] !== expected) return false
    position += 1
    return true
  }

  function parseChoice(): Node {
    const parts = [parseSequence()]
    while (take('|')) parts.push(parseSequence())
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { type: 'choice', of: parts }
  }

  function parseSequence(): Node {
    const parts: Node[] = []
    while (position < characters.length && characters[position] !== '|' && characters[position] !== ')') parts.push(parseRepeat())
    return { type: 'sequence', of: parts }
  }

  function parseRepeat(): Node {
    const node = parseAtom()
    const bounds = parseBounds()
    if (bounds === undefined) return node
    if (node.type === 'assert') fail('nothing to repeat')
    take('?')
    if (parseBounds() !== undefined) fail('a quantifier behind a quantifier')
    return { type: 'repeat', node, ...bounds }
  }

  function parseBounds(): { readonly least: number; readonly most: number } | undefined {
    if (take('*')) return { least: 0, most: Infinity }
    if (take('+')) return { least: 1, most: Infinity }
    if (take('?')) return { least: 0, most: 1 }
    return characters[position] === '{' ? parseBraces() : undefined
  }

  function parseBraces(): { readonly least: number; readonly most: number } {
    const end = characters.indexOf('}', position)
    const found = /^([0-9]{1,4})(?:(,)([0-9]{0,4}))?$/.exec(characters.slice(position + 1, end).join(''))
    if (end < 0 || found === null) return fail('a brace that is no quantifier')
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === '' ? Infinity : Number(found[3])
    if (least > most || least > MAXIMUM_REPEAT || (most !== Infinity && most > MAXIMUM_REPEAT)) fail('a quantifier out of range')
    position = end + 1
    return { least, most }
  }

  function parseAtom(): Node {
    const character = characters[position] ?? ''
    if (character === '*' || character === '+' || character === '?' || character === '{') fail('nothing to repeat')
    position += 1
    switch (character) {
      case '.': return { type: 'character', test: (code) => code !== 10 }
      case '^': return { type: 'assert', assertion: 'start' }
      case '$': return { type: 'assert', assertion: 'end' }
      case '(': return parseGroup()
      case '[': return { type: 'character', test: parseClass() }
      case '\\': return parseEscape()
      default: return { type: 'character', test: literal(character.codePointAt(0) ?? 0) }
    }
  }

  function parseGroup(): Node {
    depth += 1
    if (depth > MAXIMUM_DEPTH) fail(`groups nest deeper than ${MAXIMUM_DEPTH}`)
    if (take('?') && !take(':')) fail(NOT_SUPPORTED)
    const node = parseChoice()
    if (!take(')')) fail('a group has no end')
    depth -= 1
    return node
  }

  function parseEscape(): Node {
    const character = characters[position] ?? fail('a backslash at the end')
    if (character === 'b' || character === 'B') {
      position += 1
      return { type: 'assert', assertion: character === 'b' ? 'boundary' : 'no-boundary' }
    }
    const escaped = parseEscaped()
    return { type: 'character', test: typeof escaped === 'number' ? literal(escaped) : escaped }
  }

  /** What stands behind a backslash: a class, or one character. */
  function parseEscaped(): CharacterTest | number {
    const character = characters[position] ?? fail('a backslash at the end')
    position += 1
    const known = CLASSES.get(character) ?? CONTROLS.get(character)
    if (known !== undefined) return known
    if (/[A-Za-z0-9]/.test(character)) fail(NOT_SUPPORTED)
    return character.codePointAt(0) ?? 0
  }

  function parseClass(): CharacterTest {
    const isNegated = take('^')
    const tests: CharacterTest[] = []
    do tests.push(parseClassItem())
    while (position < characters.length && characters[position] !== ']')
    if (!take(']')) fail('a class has no end')
    return (code) => tests.some((test) => test(code)) !== isNegated
  }

  function parseClassItem(): CharacterTest {
    const from = parseClassCharacter()
    const isRange = characters[position] === '-' && (characters[position + 1] ?? ']') !== ']'
    if (typeof from !== 'number' || !isRange) return typeof from === 'number' ? literal(from) : from
    position += 1
    const to = parseClassCharacter()
    if (typeof to !== 'number' || to < from) return fail('a range that is none')
    return range(from, to)
  }

  function parseClassCharacter(): CharacterTest | number {
    if (take('\\')) return parseEscaped()
    const character = characters[position] ?? fail('a class has no end')
    position += 1
    return character.codePointAt(0) ?? 0
  }

  return {
    parse() {
      const node = parseChoice()
      if (position < characters.length) fail('a group has no beginning')
      return node
    },
  }
}
