import { invalidMatchSpec } from './match-spec-error.ts'
import { type MatchSpec, parseMatchSpec } from './match-spec.ts'

/** The value of `when` (CEP 43): match specs joined by `and`, `or` and parentheses. */
export type MatchCondition =
  | { readonly type: 'spec'; readonly spec: MatchSpec }
  | { readonly type: 'and' | 'or'; readonly of: readonly MatchCondition[] }

const MAXIMUM_DEPTH = 50

interface Token {
  readonly type: 'and' | 'or' | '(' | ')' | 'spec'
  readonly text: string
  readonly position: number
}

/** Parses a condition; `and` binds tighter than `or`. A spec in it must have no `when` of its own. Throws `MATCH_SPEC_INVALID`. */
export function parseMatchCondition(text: string): MatchCondition {
  const tokens = readTokens(text)
  let index = 0

  function readJoined(type: 'and' | 'or', depth: number): MatchCondition {
    const parts: MatchCondition[] = []
    do {
      if (parts.length > 0) index += 1
      parts.push(type === 'or' ? readJoined('and', depth) : readPart(depth))
    } while (tokens[index]?.type === type)
    const of = parts.flatMap((part) => (part.type === type ? part.of : [part]))
    return of.length === 1 && of[0] !== undefined ? of[0] : { type, of }
  }

  function readPart(depth: number): MatchCondition {
    const token = tokens[index]
    index += 1
    if (token?.type === 'spec') return readSpec(text, token)
    if (token?.type !== '(') throw invalidMatchSpec(text, token?.position ?? text.length, 'a match spec is missing in the condition')
    if (depth === MAXIMUM_DEPTH) throw invalidMatchSpec(text, token.position, `parentheses nest deeper than ${MAXIMUM_DEPTH}`)
    const inner = readJoined('or', depth + 1)
    if (tokens[index]?.type !== ')') throw invalidMatchSpec(text, tokens[index]?.position ?? text.length, 'a closing parenthesis is missing')
    index += 1
    return inner
  }

  const condition = readJoined('or', 0)
  const rest = tokens[index]
  if (rest !== undefined) throw invalidMatchSpec(text, rest.position, `${JSON.stringify(rest.text)} is not expected here`)
  return condition
}

function readSpec(text: string, token: Token): MatchCondition {
  const spec = parseMatchSpec(token.text)
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

/** Behind the brackets that open here; quotes and brackets in quotes are skipped. */
function endOfBrackets(text: string, open: number): number {
  let depth = 0
  let quote = ''
  for (let position = open; position < text.length; position += 1) {
    const character = text[position] ?? ''
    if (quote !== '') {
      if (character === '\\') position += 1
      else if (character === quote) quote = ''
    } else if (character === '"' || character === "'") quote = character
    else if (character === '[') depth += 1
    else if (character === ']') depth -= 1
    if (depth === 0) return position + 1
  }
  throw invalidMatchSpec(text, open, 'the brackets have no end')
}
