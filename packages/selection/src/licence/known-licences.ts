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

/** The table by all its names; made when a licence is first asked for, since most commands ask for none. */
interface LicenceIndex {
  readonly entries: ReadonlyMap<string, LicenceEntry>
  readonly compounds: ReadonlyMap<string, string>
  readonly nothing: ReadonlySet<string>
}

let index: LicenceIndex | undefined

function readIndex(): LicenceIndex {
  index ??= {
    entries: new Map(LICENCES.flatMap(({ id, families, spellings }) => {
      const entry: LicenceEntry = { key: keyOf(id), families }
      return [id, ...spellings].map((name): readonly [string, LicenceEntry] => [keyOf(name), entry])
    })),
    compounds: new Map(COMPOUND_LICENCES.map(({ spelling, expression }) => [keyOf(spelling), expression])),
    nothing: new Set(['', ...NO_LICENCE.map(keyOf)]),
  }
  return index
}

/** The licence that these words name, and nothing else. */
export function findKnownLicence(words: readonly string[]): LicenceEntry | undefined {
  return readIndex().entries.get(keyOfWords(words))
}

/** The expression that these words stand for. */
export function findCompoundLicence(words: readonly string[]): string | undefined {
  return readIndex().compounds.get(words.join('-'))
}

/** True for words that say that there is no licence. */
export function isNoLicence(words: readonly string[]): boolean {
  return readIndex().nothing.has(words.join('-'))
}
