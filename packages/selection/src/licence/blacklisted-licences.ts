import { findKnownLicence } from './known-licences.ts'
import { findLicenceFamily, type LicenceFamily } from './licence-families.ts'
import { readGnuLicence, splitLicenceWords } from './licence-words.ts'

/** What a blacklist leaves out. */
export interface BlacklistedLicences {
  readonly families: ReadonlySet<LicenceFamily>
  readonly keys: ReadonlySet<string>
}

interface Meaning {
  readonly families: readonly LicenceFamily[]
  readonly keys: readonly string[]
}

/** Reads a blacklist; what is unknown in it is read over. */
export function readBlacklist(blacklist: readonly string[]): BlacklistedLicences {
  const meanings = blacklist.map(readName).filter((meaning) => meaning !== undefined)
  const families = new Set(meanings.flatMap((meaning) => meaning.families))
  // Without a version it may be taken under either, and neither is wanted.
  if (families.has('GPL2') && families.has('GPL3')) families.add('GPL')
  return { families, keys: new Set(meanings.flatMap(({ keys }) => keys)) }
}

/** The names of a blacklist that mean nothing: neither a family (`LICENCE_FAMILIES`), nor a licence (`LICENCES`, by its SPDX identifier or another spelling), nor `LicenseRef-…`. */
export function unknownLicenceFamilies(blacklist: readonly string[]): readonly string[] {
  return blacklist.filter((name) => readName(name) === undefined)
}

function readName(name: string): Meaning | undefined {
  const family = findLicenceFamily(name)
  if (family !== undefined) return { families: [family.name, ...family.includes], keys: [] }
  const words = splitLicenceWords(name)
  const gnu = readGnuLicence(words, 0)
  if (gnu !== undefined && gnu.isBare && gnu.end === words.length) return readBareGnu(gnu)
  const known = findKnownLicence(words)
  if (known !== undefined) return { families: [], keys: [known.key] }
  return /^licen[cs]eref-./i.test(name) && words.length > 0 ? { families: [], keys: [words.join('-')] } : undefined
}

/** `GPLv3` names the family; `LGPL-2.1` the licence with `only` and with `or later`. */
function readBareGnu({ family, key }: { readonly family: LicenceFamily; readonly key: string }): Meaning | undefined {
  if (family === 'GPL2' || family === 'GPL3') return { families: [family], keys: [] }
  const isKnown = findKnownLicence(key.split('-')) !== undefined
  return isKnown ? { families: [], keys: [key, key.replace(/only$/, 'later')] } : undefined
}
