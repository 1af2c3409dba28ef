import { isMirrorError, parseStringPattern } from '@mirror/core'

/** What a glob of Python's `fnmatch` is: stars alone, text with stars, or more than match specs have globs for. */
export type GlobKind = 'anything' | 'plain' | 'special'

/** Tells what is needed to say the same. */
export function kindOfGlob(glob: string): GlobKind {
  if (/^\*+$/.test(glob)) return 'anything'
  return /[?[]/.test(glob) ? 'special' : 'plain'
}

/** The regular expression, from `^` to `$`, that matches what a glob of Python's `fnmatch` matches. */
export function regexOfGlob(glob: string): string {
  let regex = ''
  for (let position = 0; position < glob.length; position += 1) {
    const character = glob[position] ?? ''
    const end = character === '[' ? endOfClass(glob, position) : -1
    if (end >= 0) {
      regex += regexOfClass(glob.slice(position + 1, end))
      position = end
    } else regex += character === '*' ? '.*' : character === '?' ? '.' : escapeRegex(character)
  }
  return `^${regex}$`
}

/** True when the glob matches the text, both in lower case. One with a class that is none (`[z-a]`) matches nothing. */
export function matchesGlob(glob: string, text: string): boolean {
  try {
    return parseStringPattern(regexOfGlob(glob)).matches(text)
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return false
    throw error
  }
}

/** Text as a regular expression that matches it alone. */
export function escapeRegex(text: string): string {
  return text.replaceAll(/[^\w]/g, String.raw`\$&`)
}

/** Where the class ends that opens here; a bracket right behind its beginning is part of it. -1: it is no class but a bracket. */
function endOfClass(glob: string, open: number): number {
  const first = open + (glob[open + 1] === '!' ? 2 : 1)
  return glob.indexOf(']', first + 1)
}

function regexOfClass(content: string): string {
  const isNegated = content.startsWith('!')
  const members = (isNegated ? content.slice(1) : content).replaceAll(/[\\^[\]]/g, String.raw`\$&`)
  return `[${isNegated ? '^' : ''}${members}]`
}
