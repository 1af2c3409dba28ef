import type { LockedArtifact } from '../closure/closure-types.ts'
import { readLockedUrl } from './locked-url.ts'
import { describeOthers, type LockSeeds, type WantedPlatforms } from './pixi-lock.ts'
import { quoteText } from './seeds-invalid.ts'
import { isMapping, type YamlFile } from './yaml-file.ts'

/** Reads a `conda-lock.yml` of version 1, and a `pixi.lock` before version 4: artifacts whose manager is conda, on the wanted platforms. The rest is noted. */
export function readCondaLock(file: YamlFile, root: Readonly<Record<string, unknown>>, platforms: WantedPlatforms): LockSeeds {
  const list = root['package']
  if (!Array.isArray(list)) throw file.fault(['package'], { reason: 'package is no list' })
  const found = new Map<string, LockedArtifact>()
  const pypi = new Set<string>()
  for (const [at, each] of list.entries()) {
    const { manager, platform, url, hash } = readEntry(file, each, at)
    if (platforms !== undefined && typeof platform === 'string' && !platforms.includes(platform)) continue
    if (manager !== 'conda') {
      pypi.add(url)
      continue
    }
    const artifact = readLockedUrl(url, isMapping(hash) ? hash : {}) ?? 'it is no URL'
    if (typeof artifact === 'string') throw file.fault(['package', at], { reason: `${quoteText(url)}: ${artifact}` })
    found.set(artifact.url, artifact)
  }
  return { artifacts: [...found.values()], notes: describeOthers(pypi.size, 0) }
}

interface LockEntry {
  readonly manager: unknown
  readonly platform: unknown
  readonly url: string
  readonly hash: unknown
}

function readEntry(file: YamlFile, entry: unknown, at: number): LockEntry {
  if (!isMapping(entry)) throw file.fault(['package', at], { reason: 'an entry is no mapping' })
  const { manager, platform, url, hash } = entry
  if (typeof url !== 'string') throw file.fault(['package', at], { reason: 'an entry has no url' })
  return { manager, platform, url, hash }
}
