import type { LicenceFamily } from './licence-families.ts'
import { keyOfWords, splitLicenceWords } from './licence-words.ts'
import { COMPOUND_LICENCES, LICENCES, NO_LICENCE } from './licences.ts'

/** A licence by its key. */
export interface LicenceEntry {
  /** The key of its SPDX identifier. */
  readonly key: string
  readonly families: readonly LicenceFamily[]
}

function keyOf(name: string): string {
  return keyOfWords(splitLicenceWords(name))
}

const ENTRIES: ReadonlyMap<string, LicenceEntry> = new Map(LICENCES.flatMap(({ id, families, spellings }) => {
  const entry: LicenceEntry = { key: keyOf(id), families }
  return [id, ...spellings].map((name): readonly [string, LicenceEntry] => [keyOf(name), entry])
}))

const COMPOUNDS: ReadonlyMap<string, string> = new Map(COMPOUND_LICENCES.map(({ spelling, expression }) => [keyOf(spelling), expression]))
const NOTHING: ReadonlySet<string> = new Set(['', ...NO_LICENCE.map(keyOf)])

/** The licence that these words name, and nothing else. */
export function findKnownLicence(words: readonly string[]): LicenceEntry | undefined {
  return ENTRIES.get(keyOfWords(words))
}

/** The expression that these words stand for. */
export function findCompoundLicence(words: readonly string[]): string | undefined {
  return COMPOUNDS.get(words.join('-'))
}

/** True for words that say that there is no licence. */
export function isNoLicence(words: readonly string[]): boolean {
  return NOTHING.has(words.join('-'))
}
