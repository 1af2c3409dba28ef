import { invalidMatchSpec } from './match-spec-error.ts'
import type { MatchCondition, MatchSpec } from './match-spec-types.ts'

const MAXIMUM_DEPTH = 50

interface Token {
  readonly type: 'and' | 'or' | '(' | ')' | 'spec'
  readonly text: string
  readonly position: number
}

interface Cursor {
  readonly text: string
  readonly tokens: readonly Token[]
  readonly parseSpec: (text: string) => MatchSpec
  index: number
}

/**
 * Parses a condition; `and` binds tighter than `or`. A spec in it must have no `when` of its own. `parseSpec` is
 * `parseMatchSpec`. Throws `MATCH_SPEC_INVALID`.
 */
export function parseMatchCondition(text: string, parseSpec: (text: string) => MatchSpec): MatchCondition {
  const cursor = { text, tokens: readTokens(text), parseSpec, index: 0 }
  const condition = readJoined(cursor, 'or', 0)
  const rest = cursor.tokens[cursor.index]
  if (rest !== undefined) throw invalidMatchSpec(text, rest.position, `${JSON.stringify(rest.text)} is not expected here`)
  return condition
}

function readJoined(cursor: Cursor, type: 'and' | 'or', depth: number): MatchCondition {
  const parts: MatchCondition[] = []
  do {
    if (parts.length > 0) cursor.index += 1
    parts.push(type === 'or' ? readJoined(cursor, 'and', depth) : readPart(cursor, depth))
  } while (cursor.tokens[cursor.index]?.type === type)
  const of = parts.flatMap((part) => (part.type === type ? part.of : [part]))
  return of.length === 1 && of[0] !== undefined ? of[0] : { type, of }
}

function readPart(cursor: Cursor, depth: number): MatchCondition {
  const token = expectToken(cursor, ['spec', '('], 'a match spec is missing in the condition')
  if (token.type === 'spec') return readSpec(cursor, token)
  if (depth === MAXIMUM_DEPTH) throw invalidMatchSpec(cursor.text, token.position, `parentheses nest deeper than ${MAXIMUM_DEPTH}`)
  const inner = readJoined(cursor, 'or', depth + 1)
  expectToken(cursor, [')'], 'a closing parenthesis is missing')
  return inner
}

function expectToken(cursor: Cursor, types: readonly Token['type'][], reason: string): Token {
  const token = cursor.tokens[cursor.index]
  if (token === undefined || !types.includes(token.type)) throw invalidMatchSpec(cursor.text, token?.position ?? cursor.text.length, reason)
  cursor.index += 1
  return token
}

function readSpec({ text, parseSpec }: Cursor, token: Token): MatchCondition {
  const spec = parseSpec(token.text)
  if (spec.when !== undefined) throw invalidMatchSpec(text, token.position, 'a condition cannot have a condition')
  return { type: 'spec', spec }
}

function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = []
  let start = 0
  function endSpec(end: number): void {
    const spec = text.slice(start, end).trim()
    if (/^(?:and|or)(?:\s|$)/.test(spec)) throw invalidMatchSpec(text, start, 'a match spec is missing in the condition')
    if (spec !== '') tokens.push({ type: 'spec', text: spec, position: start })
  }
  for (let position = 0; position < text.length; position += 1) {
    const character = text[position]
    const word = /^\s(and|or)(?=[\s(]|$)/.exec(text.slice(position, position + 5))?.[1]
    if (character === '[') position = endOfBrackets(text, position) - 1
    else if (character === '(' || character === ')') {
      endSpec(position)
      tokens.push({ type: character, text: character, position })
      start = position + 1
    } else if (word === 'and' || word === 'or') {
      endSpec(position)
      tokens.push({ type: word, text: word, position: position + 1 })
      position += word.length
      start = position + 1
    }
  }
  endSpec(text.length)
  return tokens
}

/** Behind the brackets that open here; brackets in quotes do not count. */
function endOfBrackets(text: string, open: number): number {
  let depth = 0
  for (let position = open; position < text.length; position += 1) {
    const character = text[position]
    if (character === '"' || character === "'") position = endOfQuote(text, position)
    else if (character === '[') depth += 1
    else if (character === ']') depth -= 1
    if (depth === 0) return position + 1
  }
  throw invalidMatchSpec(text, open, 'the brackets have no end')
}

/** Where the quote ends that opens here. */
function endOfQuote(text: string, open: number): number {
  for (let position = open + 1; position < text.length; position += 1) {
    if (text[position] === '\\') position += 1
    else if (text[position] === text[open]) return position
  }
  throw invalidMatchSpec(text, open, 'a quote has no end')
}
