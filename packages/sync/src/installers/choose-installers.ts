import { compareVersions, type SubdirName, type Version } from '@mirror/core'
import { compareInstallers, type InstallerName } from './installer-name.ts'

/** Which installers are wanted. */
export interface InstallerChoice {
  readonly platforms: readonly SubdirName[]
  /** So many releases of each product and platform, the newest ones; of a release that comes for several Pythons, the one for the newest. `all`: all. */
  readonly latest: number | 'all'
}

/** What an installer is of: a release of it takes the place of an older one of the same kind. */
export function kindOf({ product, platform }: InstallerName): string {
  return `${product} ${platform}`
}

/**
 * Chooses from what is listed. All formats of a chosen release come (`.sh` and `.pkg`), and `latest` of each kind that has one. Pure; the order of what is listed does
 * not matter.
 */
export function chooseInstallers<Listed extends InstallerName>(listed: readonly Listed[], { platforms, latest }: InstallerChoice): readonly Listed[] {
  const wanted = listed.filter(({ platform }) => platforms.includes(platform))
  if (latest === 'all') return wanted.toSorted(compareInstallers)
  return [...Map.groupBy(wanted, kindOf).values()].flatMap((kind) => chooseNewest(kind.toSorted(compareInstallers), latest))
}

function chooseNewest<Listed extends InstallerName>(sorted: readonly Listed[], latest: number): readonly Listed[] {
  const aliases = sorted.filter(({ release }) => release === undefined)
  const releases: { readonly release: Version; readonly python: Version | undefined }[] = []
  const chosen = sorted.filter(({ release, python }) => {
    if (release === undefined) return false
    const known = releases.find((one) => compareVersions(one.release, release) === 0)
    if (known !== undefined) return known.python === undefined ? python === undefined : python !== undefined && compareVersions(known.python, python) === 0
    if (releases.length >= latest) return false
    releases.push({ release, python })
    return true
  })
  return [...aliases, ...chosen]
}
