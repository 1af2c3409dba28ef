import { distance } from 'fastest-levenshtein'

/**
 * The candidate that somebody may have meant: at most a third of its letters differ, but two may and four may not. Case, `-` and `_` do not count. Of several that are
 * equally near, one with the same letters in another order is preferred. Undefined when none is near.
 */
export function findNearest(text: string, candidates: readonly string[]): string | undefined {
  const judged = candidates.map((candidate) => ({ candidate, cost: costOf(plain(text), plain(candidate)) }))
  const best = judged.reduce<(typeof judged)[number] | undefined>((found, next) => (found === undefined || next.cost < found.cost ? next : found), undefined)
  if (best === undefined) return undefined
  const length = Math.max(text.length, best.candidate.length)
  const limit = length < 3 ? 1 : Math.min(3, Math.max(2, Math.floor(length / 3)))
  return best.cost <= limit ? best.candidate : undefined
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll('-', '_')
}

function costOf(left: string, right: string): number {
  const isAnagram = sortLetters(left) === sortLetters(right)
  return distance(left, right) - (isAnagram ? 0.5 : 0)
}

function sortLetters(text: string): string {
  return text.split('').toSorted().join('')
}
