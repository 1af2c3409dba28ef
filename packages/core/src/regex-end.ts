import { invalidMatchSpec } from './match-spec-error.ts'

const FOLLOWERS = new Set([undefined, ' ', '\t', '=', ',', '|', ')', '[', ':', '<', '>', '!', '~'])

/**
 * Where a regular expression ends that starts with the `^` at `start`: behind the first `$` that is neither escaped nor in
 * a class or group, and that something follows which can stand behind a pattern. Throws `MATCH_SPEC_INVALID` without one.
 */
export function endOfRegex(text: string, start: number): number {
  let depth = 0
  let isClass = false
  for (let position = start + 1; position < text.length; position += 1) {
    const character = text[position]
    if (character === '\\') position += 1
    else if (isClass) isClass = character !== ']'
    else if (character === '[') {
      isClass = true
      // A bracket that opens a class may be followed by one that is part of it: []a] or [^]a].
      if (text[position + 1] === '^') position += 1
      if (text[position + 1] === ']') position += 1
    } else if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    else if (character === '$' && depth === 0 && FOLLOWERS.has(text[position + 1])) return position + 1
  }
  throw invalidMatchSpec(text, start, 'a regular expression has no $ at its end')
}
