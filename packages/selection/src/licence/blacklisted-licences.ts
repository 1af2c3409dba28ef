import { findKnownLicence } from './known-licences.ts'
import { findLicenceFamily, LICENCE_FAMILIES, type LicenceFamily } from './licence-families.ts'
import { readGnuLicence, splitLicenceWords } from './licence-words.ts'
import { LICENCES } from './licences.ts'

/** What a blacklist leaves out. */
export interface BlacklistedLicences {
  readonly families: ReadonlySet<LicenceFamily>
  readonly keys: ReadonlySet<string>
}

/** A name of a blacklist that is neither a family nor a licence, and the one that may have been meant. */
export interface UnknownLicenceFamily {
  readonly name: string
  readonly nearest: string | undefined
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

/**
 * The names of a blacklist that mean nothing: neither a family (`LICENCE_FAMILIES`), nor a licence (`LICENCES`, by its SPDX identifier or another spelling), nor
 * `LicenseRef-…`. With the nearest family or identifier, where one is near.
 */
export function unknownLicenceFamilies(blacklist: readonly string[]): readonly UnknownLicenceFamily[] {
  return blacklist.filter((name) => readName(name) === undefined).map((name) => ({ name, nearest: findNearest(name) }))
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

const LONGEST_NAME = 40

function findNearest(name: string): string | undefined {
  const wanted = name.toLowerCase()
  if (wanted.length > LONGEST_NAME) return undefined
  const limit = wanted.length < 3 ? 1 : Math.min(3, Math.max(2, Math.floor(wanted.length / 3)))
  const names = [...LICENCE_FAMILIES.map((family) => family.name), ...LICENCES.map(({ id }) => id)]
  const judged = names.map((candidate) => ({ candidate, cost: costOf(wanted, candidate.toLowerCase()) }))
  const best = judged.reduce<(typeof judged)[number] | undefined>((found, next) => (found === undefined || next.cost < found.cost ? next : found), undefined)
  return best !== undefined && best.cost <= limit ? best.candidate : undefined
}

/** Of names that are equally near, one with the same letters in another order is nearer. */
function costOf(left: string, right: string): number {
  return distance(left, right) - (sortLetters(left) === sortLetters(right) ? 0.5 : 0)
}

function sortLetters(text: string): string {
  return text.split('').toSorted().join('')
}

/** How many letters to add, remove or change. */
function distance(left: string, right: string): number {
  let last: readonly number[] = Array.from({ length: right.length + 1 }, (_none, at) => at)
  for (const letter of left) last = nextRow(last, letter, right)
  return last.at(-1) ?? 0
}

function nextRow(last: readonly number[], letter: string, right: string): readonly number[] {
  const row = [(last[0] ?? 0) + 1]
  for (let column = 1; column <= right.length; column += 1) {
    const change = (last[column - 1] ?? 0) + (letter === right[column - 1] ? 0 : 1)
    row.push(Math.min(change, (last[column] ?? 0) + 1, (row[column - 1] ?? 0) + 1))
  }
  return row
}
