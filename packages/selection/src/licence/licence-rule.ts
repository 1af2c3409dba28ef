import { type BlacklistedLicences, readBlacklist } from './blacklisted-licences.ts'
import { type LicenceNode, parseLicence } from './licence-expression.ts'
import { findLicenceFamily, type LicenceFamily } from './licence-families.ts'

/** The fields of a record that say how it is licensed. They may hold anything. */
export interface LicensedRecord {
  readonly license?: unknown
  readonly license_family?: unknown
}

const MOST_REMEMBERED = 10_000
const LONGEST_REMEMBERED = 1000

/**
 * The rule of `license_blacklist`: true for a record to leave out. That is one whose `license_family` is on the blacklist, or whose `license` cannot be had without a
 * licence that is: of `A AND B` either is enough, of `A OR B` both have to be on it. A name of the blacklist is a family (`LICENCE_FAMILIES`), with those that it
 * includes, or a licence by its SPDX identifier (`LICENCES`), then compared exactly. `GPL-2.0-or-later` is of the family GPL2 alone: that a later version may be taken
 * does not make it one. Without a version, GPL is left out by `GPL`, or by `GPL2` and `GPL3` together. A licence of no family is `Other`, and a record without one
 * `None`, unless its `license_family` is a family of its own. Names that mean nothing are read over: see `unknownLicenceFamilies`.
 */
export function createLicenceRule(blacklist: readonly string[]): (record: LicensedRecord) => boolean {
  const blacklisted = readBlacklist(blacklist)
  const known = new Map<string, boolean>()
  return ({ license, license_family: family }) => {
    const text = textOf(license)
    const familyText = textOf(family)
    const key = JSON.stringify([text, familyText])
    const remembered = known.get(key)
    if (remembered !== undefined) return remembered
    const isExcluded = judge(text, familyText, blacklisted)
    if (known.size >= MOST_REMEMBERED) known.clear()
    if (key.length <= LONGEST_REMEMBERED) known.set(key, isExcluded)
    return isExcluded
  }
}

/** A few records have a list. */
function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string').join(', ')
  return typeof value === 'string' ? value : ''
}

function judge(license: string, family: string, blacklisted: BlacklistedLicences): boolean {
  const ofFamily = readFamily(family)
  if (ofFamily !== undefined && isExcludedBy(ofFamily, blacklisted)) return true
  const isNamed = ofFamily !== undefined && !isVague(ofFamily)
  const families = isNamed ? withoutVague(blacklisted.families) : blacklisted.families
  return isExcludedBy(parseLicence(license), { families, keys: blacklisted.keys })
}

/** Undefined for one that says nothing. */
function readFamily(text: string): LicenceNode | undefined {
  if (text.trim() === '') return undefined
  const family = findLicenceFamily(text)
  if (family !== undefined) return { type: 'licence', families: [family.name], keys: [], isUnknown: false }
  const node = parseLicence(text)
  return node.type === 'licence' && node.isUnknown && !/^licen[cs]eref-/i.test(text) ? undefined : node
}

function isVague(node: LicenceNode): boolean {
  return node.type === 'licence' && node.families.every((family) => family === 'Other' || family === 'None')
}

function withoutVague(families: ReadonlySet<LicenceFamily>): ReadonlySet<LicenceFamily> {
  return families.difference(new Set<LicenceFamily>(['Other', 'None']))
}

function isExcludedBy(node: LicenceNode, blacklisted: BlacklistedLicences): boolean {
  switch (node.type) {
    case 'all': return node.of.some((part) => isExcludedBy(part, blacklisted))
    case 'any': return node.of.every((part) => isExcludedBy(part, blacklisted))
    case 'licence': return node.families.some((family) => blacklisted.families.has(family)) || node.keys.some((key) => blacklisted.keys.has(key))
  }
}
