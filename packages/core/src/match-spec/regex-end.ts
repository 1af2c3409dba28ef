import { invalidMatchSpec } from './match-spec-error.ts'

const FOLLOWERS = new Set([undefined, ' ', '\t', '=', ',', '|', ')', '[', ':', '<', '>', '!', '~'])

/**
 * Where a regular expression ends that starts with the `^` at `start`: behind the first `$` that is neither escaped nor in
 * a class or group, and that something follows which can stand behind a pattern. Throws `MATCH_SPEC_INVALID` without one.
 */
export function endOfRegex(text: string, start: number): number {
  let depth = 0
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position]
    if (character === '\\') position += 1
    else if (character === '[') position = endOfClass(text, position)
    else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    else if (character === '$' && depth === 0 && FOLLOWERS.has(text[position + 1])) return position + 1
  }
  throw invalidMatchSpec(text, start, 'a regular expression has no $ at its end')
}

/** Where the class ends that opens here. A bracket right behind its beginning is part of it: []a] or [^]a]. */
function endOfClass(text: string, open: number): number {
  const first = open + (text[open + 1] === '^' ? 2 : 1)
  for (let position = text[first] === ']' ? first + 1 : first; position < text.length; position += 1) {
    if (text[position] === '\\') position += 1
    else if (text[position] === ']') return position
  }
  return text.length
}
