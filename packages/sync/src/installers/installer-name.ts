import { compareVersions, findVersion, type SubdirName, type Version } from '@mirror/core'
import { subdirOfInstaller } from './installer-platforms.ts'

/** The folders of upstream that have installers, below its root. */
export const INSTALLER_FOLDERS = ['archive', 'miniconda'] as const

/** One of `INSTALLER_FOLDERS`. */
export type InstallerFolder = (typeof INSTALLER_FOLDERS)[number]

/** What the file name of an installer says. */
export interface InstallerName {
  readonly name: string
  /** The first ones, which had no number, were for Python 2. */
  readonly product: 'Anaconda2' | 'Anaconda3' | 'Miniconda2' | 'Miniconda3'
  readonly platform: SubdirName
  /** What it installs; undefined for `latest`, which follows the newest one. */
  readonly release: Version | undefined
  /** The Python of a Miniconda that comes for several: 3.12 of `py312_24.9.2-0`. */
  readonly python: Version | undefined
}

const NAME = /^(?<family>Anaconda|Miniconda)(?<number>[23]?)-(?:py(?<major>[23])(?<minor>[0-9]{1,2})_)?(?<version>[0-9A-Za-z][0-9A-Za-z.]{0,30}(?:-[0-9]{1,4})?)-(?<system>Linux|MacOSX|Windows)-(?<machine>[0-9a-z_]{3,10})\.(?:sh|pkg|exe)$/

/** Reads the file name of an installer; undefined for any other name, and for a platform that is not known. */
export function parseInstallerName(name: string): InstallerName | undefined {
  const groups = NAME.exec(name)?.groups
  const platform = groups === undefined ? undefined : subdirOfInstaller(`${groups['system']}-${groups['machine']}`)
  if (groups === undefined || platform === undefined) return undefined
  const { version = '' } = groups
  const release = /^[0-9]/.test(version) ? findVersion(version) : undefined
  if (release === undefined && version !== 'latest') return undefined
  return { name, product: productOf(groups), platform, release, python: pythonOf(groups) }
}

type Groups = Readonly<Record<string, string | undefined>>

function productOf({ family, number }: Groups): InstallerName['product'] {
  if (family === 'Anaconda') return number === '3' ? 'Anaconda3' : 'Anaconda2'
  return number === '3' ? 'Miniconda3' : 'Miniconda2'
}

function pythonOf({ major, minor }: Groups): Version | undefined {
  return major === undefined || minor === undefined ? undefined : findVersion(`${major}.${minor}`)
}

/** Newest first; of one release, the one for the newest Python. `latest` is before all. */
export function compareInstallers(left: InstallerName, right: InstallerName): number {
  return compareOptional(right.release, left.release) || compareOptional(right.python, left.python) || (left.name < right.name ? -1 : 1)
}

/** Orders two versions; one that is not there is the greatest. */
function compareOptional(left: Version | undefined, right: Version | undefined): number {
  if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined)
  return compareVersions(left, right)
}
