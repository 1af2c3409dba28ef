import { invalidMatchSpec } from './match-spec-error.ts'
import { compileRegex } from './match-spec-regex.ts'

/** What a field of a record is compared with: text, a glob or a regular expression, by the string rules of CEP 29. */
export interface StringPattern {
  /** As it was written, in lower case unless it is a regular expression. */
  readonly text: string
  /** `range` compares numbers: `>=3` of a build number. */
  readonly type: 'exact' | 'glob' | 'regex' | 'range'
  /** True when the value matches. Case does not matter. Takes time proportional to the length of the value. */
  readonly matches: (value: string) => boolean
}

const MAXIMUM_LENGTH = 1000

/** The pattern that everything matches. */
export const ANYTHING: StringPattern = { text: '*', type: 'glob', matches: () => true }

/**
 * Parses the value of a string field: `^…$` is a regular expression that is searched for, a `*` makes a glob that has to
 * match all of the value, anything else is compared. Throws `MATCH_SPEC_INVALID` for an expression outside the safe subset
 * (`compileRegex`) and for more than 1,000 characters. Source: CEP 29, string matching.
 */
export function parseStringPattern(text: string): StringPattern {
  if (text.length > MAXIMUM_LENGTH) throw invalidMatchSpec(text, MAXIMUM_LENGTH, `the pattern is longer than ${MAXIMUM_LENGTH} characters`)
  if (isRegex(text)) return { text, type: 'regex', matches: compileRegex(text).test }
  const lower = text.toLowerCase()
  if (!lower.includes('*')) return { text: lower, type: 'exact', matches: (value) => value.toLowerCase() === lower }
  return /^\*+$/.test(lower) ? ANYTHING : { text: lower, type: 'glob', matches: compileGlob(lower) }
}

/** True for `^…$`. */
export function isRegex(text: string): boolean {
  return text.length > 1 && text.startsWith('^') && text.endsWith('$')
}

/** Looks for the pieces between the stars one after the other: leftmost is always right, so there is no backtracking. */
function compileGlob(glob: string): (value: string) => boolean {
  const pieces = glob.split('*')
  const first = pieces[0] ?? ''
  const last = pieces.at(-1) ?? ''
  const between = pieces.slice(1, -1).filter((piece) => piece !== '')
  return (value) => {
    const lower = value.toLowerCase()
    if (!lower.startsWith(first) || !lower.endsWith(last)) return false
    let position = first.length
    for (const piece of between) {
      const found = lower.indexOf(piece, position)
      if (found < 0) return false
      position = found + piece.length
    }
    return position <= lower.length - last.length
  }
}
