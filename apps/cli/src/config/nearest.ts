import { closest, distance } from 'fastest-levenshtein'

/**
 * The candidate that somebody may have meant: at most a third of its letters differ, and never more than three. Case, `-` and `_` do not count. Undefined when none is near.
 */
export function findNearest(text: string, candidates: readonly string[]): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replaceAll('-', '_')
  if (candidates.length === 0) return undefined
  const best = closest(plain(text), candidates.map(plain))
  const found = candidates.find((candidate) => plain(candidate) === best)
  const limit = Math.min(3, Math.max(1, Math.floor(Math.max(text.length, best.length) / 3)))
  return distance(plain(text), best) <= limit ? found : undefined
}
