import type { LockedArtifact } from '../closure/closure-types.ts'

/**
 * The artifacts of one lock file that are a channel's. `channels` are the URLs of all channels that are mirrored, this one among them.
 *
 * 1. An artifact whose URL lies below a mirrored channel is that channel's. Scheme, secrets, the case of the host and slashes at the end make no difference.
 * 2. Else it is the channel's whose last folder has the same name, if one alone has it: a lock file made against a mirror names that mirror's `conda-forge`.
 * 3. Where this finds no artifact of the file at all, the file was made against a mirror with names of its own: with one channel mirrored all are that channel's; with
 *    several, each may be any one's, so it is kept where it is found (`isOptional`).
 *
 * Others belong to channels that are not mirrored, and are left out.
 */
export function artifactsOfChannel(artifacts: readonly LockedArtifact[], channel: string, channels: readonly string[] = [channel]): readonly LockedArtifact[] {
  const wanted = placeOf(channel)
  const places = [...new Set([wanted, ...channels.map(placeOf)])]
  const owners = artifacts.map((artifact) => findOwner(placeOf(artifact.url).split('/').slice(0, -2).join('/'), places))
  if (owners.some((owner) => owner !== undefined)) return artifacts.filter((_, at) => owners[at] === wanted)
  return places.length === 1 ? artifacts : artifacts.map((artifact) => ({ ...artifact, isOptional: true }))
}

function findOwner(base: string, places: readonly string[]): string | undefined {
  if (places.includes(base)) return base
  const last = lastOf(base)
  const named = places.filter((place) => lastOf(place) === last)
  return named.length === 1 && last !== '' ? named[0] : undefined
}

function lastOf(place: string): string {
  return place.slice(place.lastIndexOf('/') + 1)
}

/** Host in lower case and path, without what secrets there may be. */
function placeOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return url.replace(/\/+$/, '')
  return `${parsed.host}${parsed.pathname.replace(/\/t\/[^/]+/, '').replace(/\/{2,}/g, '/').replace(/\/$/, '')}`
}
