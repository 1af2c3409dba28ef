import type { LicenceFamily } from './licence-families.ts'

/** A licence of the GNU project, as it stands among words. */
export interface GnuLicence {
  readonly family: LicenceFamily
  /** `gpl-3-later`, `lgpl-2-1-only`; `gpl` without a version. */
  readonly key: string
  /** True when neither `only` nor `or later` was said. */
  readonly isBare: boolean
  /** Where the words behind it begin. */
  readonly end: number
}

const TOKENS = /[a-z]+|[0-9]+|[<>=+]+/g
const NOISE = new Set(['the', 'a', 'license', 'licence', 'licenses', 'licences', 'licensed', 'licenced', 'v', 'ver', 'version', 'gnu', 'licenseref', 'under', '=', '=='])
const COMPARATORS = ['>=', '>', '<=', '<']
const GNU = new Set(['gpl', 'lgpl', 'agpl'])
const LATER = new Set(['later', 'newer', 'above', 'greater', 'higher', 'any'])

/** Words that mean one, the longest first. */
const PHRASES: readonly (readonly [phrase: readonly string[], word: string])[] = [
  [['affero', 'general', 'public'], 'agpl'], [['lesser', 'general', 'public'], 'lgpl'], [['library', 'general', 'public'], 'lgpl'],
  [['python', 'software', 'foundation'], 'psf'], [['lesser', 'gpl'], 'lgpl'], [['library', 'gpl'], 'lgpl'], [['affero', 'gpl'], 'agpl'], [['general', 'public'], 'gpl'],
  [['mozilla', 'public'], 'mpl'], [['public', 'domain'], 'publicdomain'], [['creative', 'commons'], 'cc'], [['end', 'user'], 'eula'], [['cc', '0'], 'cczero'],
  [['x', '11'], 'xeleven'], [['gpl', 'compatible'], 'compatible'], [['non', 'gpl'], 'non'], [['non', 'commercial'], 'noncommercial'],
]
const PHRASES_BY_FIRST = Map.groupBy(PHRASES, ([[first = '']]) => first)

const FAMILY_WORDS: ReadonlyMap<string, LicenceFamily> = new Map<string, LicenceFamily>([
  ['affero', 'AGPL'], ['bsd', 'BSD'], ['netbsd', 'BSD'], ['freebsd', 'BSD'], ['openbsd', 'BSD'], ['mit', 'MIT'], ['expat', 'MIT'], ['xeleven', 'MIT'],
  ['apache', 'Apache'], ['asl', 'Apache'], ['psf', 'PSF'], ['python', 'PSF'], ['publicdomain', 'Public-Domain'], ['unlicense', 'Public-Domain'],
  ['cczero', 'Public-Domain'], ['cc', 'CC'], ['mpl', 'Mozilla'], ['mozilla', 'Mozilla'], ['eula', 'Proprietary'], ['commercial', 'Proprietary'],
])

/** The words of a name, so that spellings of one licence have the same ones: `GNU General Public License v2.0` has `gpl` and `2`. Takes linear time. */
export function splitLicenceWords(text: string): readonly string[] {
  const words: string[] = []
  for (const token of text.toLowerCase().match(TOKENS) ?? []) {
    if (isNumber(token)) trimVersionLetter(words)
    if (!NOISE.has(token)) words.push(token)
  }
  return dropTrailingZeros(joinPhrases(words))
}

function isNumber(word: string | undefined): boolean {
  return word !== undefined && word >= '0' && word < ':'
}

/** In `gplv2` the letter belongs to the number. */
function trimVersionLetter(words: string[]): void {
  const last = words.at(-1) ?? ''
  const stem = last.slice(0, -1)
  if (last.endsWith('v') && (GNU.has(stem) || FAMILY_WORDS.has(stem))) words[words.length - 1] = stem
}

function joinPhrases(words: readonly string[]): readonly string[] {
  const joined: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    const phrase = PHRASES_BY_FIRST.get(word)?.find(([parts]) => parts.every((part, offset) => words[at + offset] === part))
    joined.push(phrase?.[1] ?? word)
    at += (phrase?.[0].length ?? 1) - 1
  }
  return joined
}

/** `2.0` is `2`, but `0` is `0`. */
function dropTrailingZeros(words: readonly string[]): readonly string[] {
  const kept: string[] = []
  words.forEach((word, at) => {
    kept.push(word)
    if (isNumber(words[at + 1])) return
    while (kept.at(-1) === '0' && isNumber(kept.at(-2))) kept.pop()
  })
  return kept
}

/** The key that all spellings of one licence share. */
export function keyOfWords(words: readonly string[]): string {
  const gnu = readGnuLicence(words, 0)
  return gnu !== undefined && gnu.end === words.length ? gnu.key : words.join('-')
}

/** The licence of the GNU project that starts at this word. */
export function readGnuLicence(words: readonly string[], start: number): GnuLicence | undefined {
  const name = words[start] ?? ''
  if (!GNU.has(name)) return undefined
  const comparator = COMPARATORS.find((sign) => sign === words[start + 1]) ?? ''
  const numbersStart = start + (comparator === '' ? 1 : 2)
  const numbers = readNumbers(words, numbersStart)
  if (numbers.length === 0) return { family: familyOf(name, 0), key: name, isBare: true, end: endOfLater(words, start + 1) }
  const { end, term } = readTerm(words, numbersStart + numbers.length)
  const isLater = term === 'later' || comparator.startsWith('>')
  const major = readMajor(numbers, comparator)
  const key = [name, String(major), ...numbers.slice(1), isLater ? 'later' : 'only'].join('-')
  return { family: familyOf(name, major), key, isBare: term === '' && !isLater, end }
}

/** `> 2` of R means what comes after 2. */
function readMajor(numbers: readonly string[], comparator: string): number {
  return Number(numbers[0]) + (comparator === '>' && numbers.length === 1 ? 1 : 0)
}

/** `only`, and what means `or later`. */
function readTerm(words: readonly string[], start: number): { readonly term: 'only' | 'later' | ''; readonly end: number } {
  if (words[start] === 'only') return { term: 'only', end: start + 1 }
  const end = endOfLater(words, start)
  return { term: end > start ? 'later' : '', end }
}

/** A version has one or two numbers. */
function readNumbers(words: readonly string[], start: number): readonly string[] {
  return words.slice(start, start + (isNumber(words[start]) ? (isNumber(words[start + 1]) ? 2 : 1) : 0))
}

function endOfLater(words: readonly string[], start: number): number {
  let end = start
  if (words[end] === '+') return end + 1
  if (words[end] !== 'or' || !LATER.has(words[end + 1] ?? '')) return start
  end += 2
  while (LATER.has(words[end] ?? '')) end += 1
  return end
}

function familyOf(name: string, major: number): LicenceFamily {
  if (name === 'agpl') return 'AGPL'
  if (name === 'lgpl') return 'LGPL'
  if (major === 2) return 'GPL2'
  return major > 2 ? 'GPL3' : 'GPL'
}

/** Families and keys of licences that stand anywhere among words. */
export interface WordFindings {
  readonly families: readonly LicenceFamily[]
  readonly keys: readonly string[]
}

/** What words say about licences when they are no name that is known. */
export function findInWords(words: readonly string[]): WordFindings {
  const families = new Set<LicenceFamily>()
  const keys = new Set<string>()
  words.forEach((word, at) => {
    const gnu = readGnuLicence(words, at)
    const family = gnu?.family ?? FAMILY_WORDS.get(word) ?? (word.startsWith('proprietary') ? 'Proprietary' : undefined)
    if (gnu !== undefined) keys.add(gnu.key)
    if (family !== undefined) families.add(family)
  })
  return { families: [...families], keys: [...keys] }
}
