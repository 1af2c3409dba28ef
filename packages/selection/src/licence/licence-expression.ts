import type { LicenceFamily } from './licence-families.ts'
import { findCompoundLicence, findKnownLicence, isNoLicence } from './known-licences.ts'
import { findInWords, splitLicenceWords } from './licence-words.ts'

/** What a record says about its licence: one, all of several, or a choice. */
export type LicenceNode =
  | { readonly type: 'licence'; readonly families: readonly LicenceFamily[]; readonly keys: readonly string[]; readonly isUnknown: boolean }
  | { readonly type: 'all' | 'any'; readonly of: readonly LicenceNode[] }

const MAXIMUM_LENGTH = 4096
const MAXIMUM_DEPTH = 32
const TOKENS = /[()|&,;]|[^\s()|&,;]+/g
const VERSION_START = /^[<>=]/
const NUMBERS_ONLY = /^(?:[0-9]+|\+|or|later|only)$/
const LATER_WORDS: ReadonlySet<string> = new Set(['later', 'newer', 'above', 'greater', 'higher', 'any'])
const NO_LICENCE: LicenceNode = { type: 'licence', families: ['None'], keys: [], isUnknown: false }
const UNKNOWN_LICENCE: LicenceNode = { type: 'licence', families: ['Other'], keys: [], isUnknown: true }

/**
 * Reads the `license` of a record: an SPDX expression, or what people wrote before there were any. Never throws. `and`, `&`, ` + `, `,` and `;` ask for all; `or` and
 * `|` leave a choice; `and` binds tighter than `or`, and `or` tighter than a comma; an exception behind `with` belongs to its licence; words in parentheses behind a
 * name are a version (`GPL (>= 2)`) or a remark, which counts when it names a licence. Text beyond 4,096 characters or 32 parentheses is read as a list of words, all of
 * which count. Takes linear time.
 */
export function parseLicence(text: string): LicenceNode {
  if (isTooMuch(text)) return createLicence(splitLicenceWords(text))
  const tokens = text.match(TOKENS) ?? []
  const reader: Reader = { tokens, position: 0, head: [] }
  const parts: LicenceNode[] = []
  while (reader.position < tokens.length) {
    const part = readList(reader)
    if (part !== undefined) parts.push(part)
    // A parenthesis too many.
    if (tokens[reader.position] === ')') reader.position += 1
  }
  return join('all', dropUnknown(parts)) ?? (text.trim() === '' ? NO_LICENCE : UNKNOWN_LICENCE)
}

function isTooMuch(text: string): boolean {
  if (text.length > MAXIMUM_LENGTH) return true
  let depth = 0
  for (const character of text) {
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth > MAXIMUM_DEPTH) return true
  }
  return false
}

/** Reads on from `position`. */
interface Reader {
  readonly tokens: readonly string[]
  position: number
  /** The words before the version of the licence read last, which `2` of `GPL 3 or 2` goes without. */
  head: readonly string[]
}

function join(type: 'all' | 'any', of: readonly LicenceNode[]): LicenceNode | undefined {
  return of.length > 1 ? { type, of } : of[0]
}

/** Remarks and lists hold much that is no licence. */
function dropUnknown(nodes: readonly LicenceNode[]): readonly LicenceNode[] {
  const known = nodes.filter((node) => node.type !== 'licence' || !node.isUnknown)
  return known.length > 0 ? known : nodes.slice(0, 1)
}

function readList(reader: Reader): LicenceNode | undefined {
  const parts = readSeparated(reader, readChoice, isComma)
  return join('all', dropUnknown(parts))
}

function readChoice(reader: Reader): LicenceNode | undefined {
  return join('any', readSeparated(reader, readAll, isOr))
}

function readAll(reader: Reader): LicenceNode | undefined {
  return join('all', readSeparated(reader, readOperand, isAnd))
}

type Is = (reader: Reader) => boolean

function readSeparated(reader: Reader, read: (reader: Reader) => LicenceNode | undefined, isSeparator: Is): readonly LicenceNode[] {
  const parts: LicenceNode[] = []
  for (;;) {
    const part = read(reader)
    if (part !== undefined) parts.push(part)
    if (!isSeparator(reader)) return parts
    reader.position += 1
  }
}

function tokenAt({ tokens, position }: Reader, offset = 0): string {
  return (tokens[position + offset] ?? '').toLowerCase()
}

function isComma(reader: Reader): boolean {
  const token = tokenAt(reader)
  return token === ';' || (token === ',' && !tokenAt(reader, 1).startsWith('version'))
}

function isOr(reader: Reader): boolean {
  const token = tokenAt(reader)
  if (token !== 'or') return token === '|'
  const [previous, next] = [-1, 1].map((offset) => tokenAt(reader, offset).replaceAll(/[^a-z(]/g, ''))
  // "GNU Library or Lesser General Public License" and BSD's "New or Revised" are one licence each.
  const isName = (previous === 'library' && next === 'lesser') || (previous === 'new' && next === 'revised')
  const isLater = LATER_WORDS.has(next ?? '') || (next === '(' && tokenAt(reader, 2) === 'at')
  return !isName && !isLater
}

function isAnd(reader: Reader): boolean {
  const token = tokenAt(reader)
  return token === 'and' || token === '&' || token === '+' || token === 'and/or'
}

function isEnd(reader: Reader): boolean {
  return reader.position >= reader.tokens.length || tokenAt(reader) === ')' || isComma(reader) || isOr(reader) || isAnd(reader)
}

/** A name with its remarks, or a group. */
function readOperand(reader: Reader): LicenceNode | undefined {
  const pieces: LicenceNode[] = []
  while (!isEnd(reader)) {
    const piece = tokenAt(reader) === '(' ? readGroup(reader, pieces) : readName(reader)
    if (piece !== undefined) pieces.push(piece)
  }
  return join('all', dropUnknown(pieces))
}

/** `(or …)` is a choice between what precedes it and itself. */
function readGroup(reader: Reader, before: LicenceNode[]): LicenceNode | undefined {
  reader.position += 1
  const isChoice = isOr(reader)
  const group = readList(reader)
  if (tokenAt(reader) === ')') reader.position += 1
  if (!isChoice || group === undefined || before.length === 0) return group
  return join('any', [...before.splice(0), group])
}

function readName(reader: Reader): LicenceNode | undefined {
  const parts: string[] = []
  let isException = false
  while (!isEnd(reader)) {
    const isVersion = tokenAt(reader) === '(' && VERSION_START.test(tokenAt(reader, 1))
    if (tokenAt(reader) === '(' && !isVersion) break
    if (tokenAt(reader) === 'with') isException = tokenAt(reader, 1) !== 'advertising'
    const taken = isVersion ? readVersion(reader) : (reader.tokens[reader.position] ?? '')
    if (!isException) parts.push(taken)
    reader.position += 1
  }
  return createNamed(reader, parts.join(' '))
}

/** The tokens of `(>= 2.1, < 4)`; the reader stands on the parenthesis that closes it then. */
function readVersion(reader: Reader): string {
  const parts: string[] = []
  reader.position += 1
  while (reader.position < reader.tokens.length && tokenAt(reader) !== ')') {
    parts.push(tokenAt(reader))
    reader.position += 1
  }
  return parts.join(' ')
}

function createNamed(reader: Reader, text: string): LicenceNode | undefined {
  const words = withoutException(splitLicenceWords(text))
  // `file LICENSE` of R holds the name of the owner, and no licence of its own.
  if (words.length === 0 || (words.length === 1 && words[0] === 'file')) return undefined
  const isVersion = words.every((word) => NUMBERS_ONLY.test(word))
  if (isVersion) return createLicence([...reader.head, ...words])
  const firstNumber = words.findIndex((word) => NUMBERS_ONLY.test(word))
  reader.head = firstNumber < 0 ? words : words.slice(0, firstNumber)
  const compound = findCompoundLicence(words)
  return compound === undefined ? createLicence(words) : parseLicence(compound)
}

/** `GPL-3.0-with-GCC-exception`, as it was written before `WITH`. */
function withoutException(words: readonly string[]): readonly string[] {
  const start = words.indexOf('with')
  return start < 1 || words[start + 1] === 'advertising' ? words : words.slice(0, start)
}

function createLicence(words: readonly string[]): LicenceNode {
  if (isNoLicence(words)) return NO_LICENCE
  const known = findKnownLicence(words)
  if (known !== undefined) return { type: 'licence', families: known.families, keys: [known.key], isUnknown: false }
  const { families, keys } = findInWords(words)
  if (families.length > 0) return { type: 'licence', families, keys, isUnknown: false }
  return { type: 'licence', families: ['Other'], keys: [words.join('-')], isUnknown: true }
}
