import { type MatchSpec, matchesRecord, parseMatchSpec } from '@mirror/core'

/** Seeds by whether they name a channel other than the one at hand. */
export interface SortedSeeds {
  readonly own: readonly MatchSpec[]
  readonly others: readonly MatchSpec[]
}

const ANY = parseMatchSpec('*')

/**
 * Sorts seeds by the channel that they name. A URL has to be that of the channel. A name such as `conda-forge` or `conda-forge/label/rc` fits every channel whose URL ends
 * with it: what is mirrored from another mirror keeps its name, not its URL. Without `channel` all are its own.
 */
export function seedsOfChannel(specs: readonly MatchSpec[], channel: string | undefined): SortedSeeds {
  const own: MatchSpec[] = []
  const others: MatchSpec[] = []
  for (const spec of specs) (channel === undefined || namesChannel(spec, channel) ? own : others).push(spec)
  return { own, others }
}

function namesChannel({ fields }: MatchSpec, channel: string): boolean {
  const pattern = fields.get('channel')
  if (pattern === undefined) return true
  if (matchesRecord({ ...ANY, fields: new Map([['channel', pattern]]) }, { name: 'any', version: '0', channel })) return true
  return pattern.type === 'exact' && channel.toLowerCase().replace(/\/+$/, '').endsWith(`/${pattern.text}`)
}
