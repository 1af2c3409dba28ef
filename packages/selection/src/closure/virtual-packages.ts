import { type MatchSpec, matchesRecord } from '@mirror/core'
import type { VirtualPackage } from './closure-types.ts'

// Names that CEP 30 ties to a kind of platform, by the beginning of the subdir. Any other may be on any platform.
const HOMES: ReadonlyMap<string, readonly string[]> = new Map([
  ['__linux', ['linux-']],
  ['__glibc', ['linux-']],
  ['__musl', ['linux-']],
  ['__osx', ['osx-']],
  ['__win', ['win-']],
])
const NOT_UNIX = /^win-/
// Always there, with a version or build that only the machine knows.
const IMPLIED: ReadonlySet<string> = new Set(['__linux', '__osx', '__win', '__unix', '__archspec'])

/**
 * True when a virtual package that the spec wants can be there on the platform. `given` are those that were named for it: then no others are, but those that follow
 * from the platform itself (`__linux`, `__osx`, `__win`, `__unix`, `__archspec`, in any version unless named). Without `given`, any that CEP 30 allows on it.
 * `noarch` stands for any platform.
 */
export function canHaveVirtual(spec: MatchSpec, platform: string, given: readonly VirtualPackage[] | undefined): boolean {
  const name = spec.name.text
  const named = given?.filter((candidate) => candidate.name.toLowerCase() === name) ?? []
  if (named.length > 0) return named.some(({ version, build }) => matchesRecord(spec, { name, version, build, build_number: 0 }))
  return fitsPlatform(name, platform) && (given === undefined || IMPLIED.has(name))
}

function fitsPlatform(name: string, platform: string): boolean {
  if (platform === 'noarch') return true
  if (name === '__unix') return !NOT_UNIX.test(platform)
  return HOMES.get(name)?.some((home) => platform.startsWith(home)) ?? true
}
