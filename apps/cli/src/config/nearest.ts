import { closest, distance } from 'fastest-levenshtein'

/**
 * The candidate that somebody may have meant: at most a third of its letters differ, but two may and four may not. Case, `-` and `_` do not count. Undefined when none is near.
 */
export function findNearest(text: string, candidates: readonly string[]): string | undefined {
  const plain = (name: string): string => name.toLowerCase().replaceAll('-', '_')
  if (candidates.length === 0) return undefined
  const best = closest(plain(text), candidates.map(plain))
  const found = candidates.find((candidate) => plain(candidate) === best)
  const length = Math.max(text.length, best.length)
  const limit = length < 3 ? 1 : Math.min(3, Math.max(2, Math.floor(length / 3)))
  return distance(plain(text), best) <= limit ? found : undefined
}
