/** The families of licences that a blacklist can name: those of cas-mirror, `GPL`, and the newer ones of conda-build (`CC`, `Mozilla`, `None`). */
export type LicenceFamily =
  | 'AGPL' | 'GPL' | 'GPL2' | 'GPL3' | 'LGPL' | 'BSD' | 'MIT' | 'Apache' | 'PSF' | 'Public-Domain' | 'Proprietary' | 'CC' | 'Mozilla' | 'None' | 'Other'

/** A family as the reference describes it. */
export interface LicenceFamilyEntry {
  readonly name: LicenceFamily
  /** What belongs to it: the end of a sentence. */
  readonly meaning: string
  /** Families that are left out with it. */
  readonly includes: readonly LicenceFamily[]
}

/** All families, in the order of the reference. */
export const LICENCE_FAMILIES: readonly LicenceFamilyEntry[] = [
  { name: 'AGPL', meaning: 'the GNU Affero General Public License', includes: [] },
  { name: 'GPL', meaning: 'the GNU General Public License of any version; neither LGPL nor AGPL', includes: ['GPL2', 'GPL3'] },
  { name: 'GPL2', meaning: 'the GNU General Public License 2, also "or later"', includes: [] },
  { name: 'GPL3', meaning: 'the GNU General Public License 3, also "or later"', includes: [] },
  { name: 'LGPL', meaning: 'the GNU Lesser (or Library) General Public License', includes: [] },
  { name: 'BSD', meaning: 'the BSD licences, and what is like them', includes: [] },
  { name: 'MIT', meaning: 'the MIT and X11 licences, and what is like them', includes: [] },
  { name: 'Apache', meaning: 'the licences of the Apache Software Foundation', includes: [] },
  { name: 'PSF', meaning: 'the licences of the Python Software Foundation', includes: [] },
  { name: 'Public-Domain', meaning: 'dedications to the public domain', includes: [] },
  { name: 'Proprietary', meaning: 'what calls itself proprietary, commercial or an end user licence agreement', includes: [] },
  { name: 'CC', meaning: 'the Creative Commons licences other than CC0', includes: [] },
  { name: 'Mozilla', meaning: 'the Mozilla Public License', includes: [] },
  { name: 'None', meaning: 'no licence stated', includes: [] },
  { name: 'Other', meaning: 'everything else, and what is not understood', includes: ['CC', 'Mozilla', 'None'] },
]

const BY_NAME = new Map(LICENCE_FAMILIES.map((family) => [squash(family.name), family]))

/** The family of that name, whatever its case, spaces, hyphens and underscores. */
export function findLicenceFamily(name: string): LicenceFamilyEntry | undefined {
  return BY_NAME.get(squash(name))
}

function squash(name: string): string {
  return name.toLowerCase().replaceAll(/[\s_-]/g, '')
}
