import { MirrorError } from '../errors.ts'

/** A number or a word of a version: `dev` is the string `DEV` and `post` is `Infinity`, so that plain comparison orders them. */
export type VersionAtom = string | number | bigint

/** What stands between two separators of a version, as runs of digits and of other characters; starts with a number. */
export type VersionSegment = readonly VersionAtom[]

/** A version that was parsed by the rules of CEP 33. */
export interface Version {
  /** As it was written. */
  readonly text: string
  /** The epoch, then the segments of the main part. */
  readonly main: readonly VersionSegment[]
  /** The segments behind `+`; empty when there is none. */
  readonly local: readonly VersionSegment[]
}

const MAXIMUM_LENGTH = 255
const ALPHABET = /^[a-z0-9._+!]+$/
const RUNS = /[0-9]+|[^0-9]+/g
const SAFE_DIGITS = 15
const NOTHING: VersionSegment = []

/**
 * Parses a version by CEP 33, as conda does: case does not matter, `-` counts as `_` where no `_` occurs, one trailing
 * `_` belongs to what precedes it, numbers of any size are exact. Throws `VERSION_INVALID` with the reason in `details`.
 * Versions longer than 255 characters are refused, since they are part of file names.
 */
export function parseVersion(text: string): Version {
  const parsed = readVersion(text)
  if (typeof parsed !== 'string') return parsed
  throw new MirrorError('VERSION_INVALID', `Cannot use ${JSON.stringify(text.slice(0, MAXIMUM_LENGTH))} as a version: ${parsed}`, {
    details: { version: text.slice(0, MAXIMUM_LENGTH), reason: parsed },
  })
}

/** True for what `parseVersion` accepts. */
export function isVersion(text: string): boolean {
  return typeof readVersion(text) !== 'string'
}

/** The version, or undefined where `parseVersion` throws: for records, which may hold anything. */
export function findVersion(text: string): Version | undefined {
  const parsed = readVersion(text)
  return typeof parsed === 'string' ? undefined : parsed
}

/** The version, or why it is none. */
function readVersion(text: string): Version | string {
  if (text === '') return 'it is empty'
  if (text.length > MAXIMUM_LENGTH) return `it is longer than ${MAXIMUM_LENGTH} characters`
  const lower = text.toLowerCase()
  const plain = lower.includes('_') ? lower : lower.replaceAll('-', '_')
  if (!ALPHABET.test(plain)) return 'it has characters other than letters, digits and . _ + ! (and - where there is no _)'
  const parts = splitParts(plain)
  if (typeof parts === 'string') return parts
  const main = readSegments(parts.main)
  const local = parts.local === undefined ? [] : readSegments(parts.local)
  if (main === undefined || local === undefined) return 'a segment is empty'
  return { text, main: [[readNumber(parts.epoch)], ...main], local }
}

interface Parts {
  readonly epoch: string
  readonly main: string
  readonly local: string | undefined
}

function splitParts(plain: string): Parts | string {
  const behindEpoch = plain.split('!')
  if (behindEpoch.length > 2) return 'it has more than one !'
  const epoch = behindEpoch.length === 2 ? (behindEpoch[0] ?? '') : '0'
  if (!/^[0-9]+$/.test(epoch)) return 'what precedes ! is not a number'
  const [main = '', local, excess] = (behindEpoch.at(-1) ?? '').split('+')
  if (excess !== undefined) return 'it has more than one +'
  return main === '' ? 'there is nothing but an epoch or a local part' : { epoch, main, local }
}

function readSegments(text: string): readonly VersionSegment[] | undefined {
  // A trailing underscore is openssl's way to put 1.0.1_ before 1.0.1a: it belongs to the segment before it.
  const trailing = text.length > 1 && text.endsWith('_')
  const pieces = (trailing ? text.slice(0, -1) : text).split(/[._]/)
  if (trailing) pieces.push(`${pieces.pop() ?? ''}_`)
  // Two of them at the end are no CEP 33, but both conda and rattler take them.
  const isTwofold = text.length > 2 && text.endsWith('__')
  if (pieces.some((piece) => piece === '' || (piece === '_' && !isTwofold))) return undefined
  return pieces.map(readSegment)
}

function readSegment(piece: string): VersionSegment {
  const atoms = (piece.match(RUNS) ?? []).map(readAtom)
  return isDigit(piece.charCodeAt(0)) ? atoms : [0, ...atoms]
}

function readAtom(run: string): VersionAtom {
  if (isDigit(run.charCodeAt(0))) return readNumber(run)
  if (run === 'post') return Infinity
  return run === 'dev' ? 'DEV' : run
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** A number where it is exact, else a bigint: so equal numbers are `===`, and `<` works between both. */
function readNumber(digits: string): number | bigint {
  if (digits.length <= SAFE_DIGITS) return Number(digits)
  const exact = BigInt(digits)
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : exact
}

/**
 * Orders two versions by CEP 33: negative, zero or positive. A total order of classes: `1.1` and `1.1.0` are equal.
 * Words are smaller than numbers, `dev` is the smallest word, `post` is greater than any number.
 */
export function compareVersions(left: Version, right: Version): number {
  return compareSegmentLists(left.main, right.main) || compareSegmentLists(left.local, right.local)
}

function compareSegmentLists(left: readonly VersionSegment[], right: readonly VersionSegment[]): number {
  const count = Math.max(left.length, right.length)
  for (let index = 0; index < count; index += 1) {
    const order = compareSegments(left[index] ?? NOTHING, right[index] ?? NOTHING)
    if (order !== 0) return order
  }
  return 0
}

function compareSegments(left: VersionSegment, right: VersionSegment): number {
  const count = Math.max(left.length, right.length)
  for (let index = 0; index < count; index += 1) {
    const order = compareAtoms(left[index] ?? 0, right[index] ?? 0)
    if (order !== 0) return order
  }
  return 0
}

function compareAtoms(left: VersionAtom, right: VersionAtom): number {
  if (left === right) return 0
  const isWord = typeof left === 'string'
  if (isWord !== (typeof right === 'string')) return isWord ? -1 : 1
  return left < right ? -1 : 1
}

/**
 * True when `version` starts with `prefix`, the test behind `=1.8` and `1.8.*`. All segments but the last of `prefix` are
 * equal; in the last one all atoms but the last are; the last atom is equal or, if it is a word, the beginning of the other
 * (`2013ab` starts with `2013a`), as in conda's `VersionOrder.startswith`. A local part of `prefix` asks for an equal main part.
 */
export function versionStartsWith(version: Version, prefix: Version): boolean {
  if (prefix.local.length === 0) return listStartsWith(version.main, prefix.main)
  return compareSegmentLists(version.main, prefix.main) === 0 && listStartsWith(version.local, prefix.local)
}

function listStartsWith(list: readonly VersionSegment[], prefix: readonly VersionSegment[]): boolean {
  const last = prefix.length - 1
  for (let index = 0; index < last; index += 1) {
    if (compareSegments(list[index] ?? NOTHING, prefix[index] ?? NOTHING) !== 0) return false
  }
  return segmentStartsWith(list[last] ?? NOTHING, prefix[last] ?? NOTHING)
}

function segmentStartsWith(segment: VersionSegment, prefix: VersionSegment): boolean {
  const last = prefix.length - 1
  if (compareSegments(segment.slice(0, last), prefix.slice(0, last)) !== 0) return false
  const atom = segment[last] ?? 0
  const wanted = prefix[last] ?? 0
  return typeof wanted === 'string' ? typeof atom === 'string' && atom.startsWith(wanted) : atom === wanted
}
