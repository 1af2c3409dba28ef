import { invalidMatchSpec } from './match-spec-error.ts'
import { type Assertion, type CharacterTest, isWordCode, parseRegex, type RegexNode } from './regex-parser.ts'

/** A regular expression that cannot hang: its search takes time proportional to states × characters. */
export interface SafeRegex {
  /** True when the expression matches somewhere in `text`; case does not matter. */
  readonly test: (text: string) => boolean
}

const MAXIMUM_STATES = 1000
const MAXIMUM_STEPS = 20_000

/** One step of the automaton; `next` are numbers of states. */
interface State {
  readonly type: 'character' | 'split' | 'assert' | 'match'
  readonly test: CharacterTest | undefined
  readonly assertion: Assertion | undefined
  readonly next: number[]
}

/**
 * Compiles the common subset of Python's and Rust's regular expressions: literals, `.`, classes, `\d \w \s \b` and their
 * opposites, groups, alternatives, quantifiers (lazy ones too), `^` and `$`. Runs as Thompson's automaton, so nested
 * quantifiers are harmless (`reliability.md` U16). Throws `MATCH_SPEC_INVALID` for everything else, as CEP 29 allows.
 */
export function compileRegex(pattern: string): SafeRegex {
  const node = parseRegex(pattern)
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
function build(builder: Builder, node: RegexNode, next: number): number {
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

function buildRepeat(builder: Builder, { node, least, most }: { node: RegexNode; least: number; most: number }, next: number): number {
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
