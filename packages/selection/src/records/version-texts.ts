import { compareVersions, findVersion, type Version } from '@mirror/core'
import { createTexts, type Texts } from './texts.ts'

/** Versions by number, parsed when they are asked for, once for each text. */
export interface VersionTexts {
  readonly texts: Texts
  /** Undefined for text that is no version. */
  readonly versionAt: (id: number) => Version | undefined
  /** For each number its place in the order of all: equal versions have equal places, what is no version comes before all that are. */
  readonly ranks: () => Uint32Array
}

/** More are not remembered at once. */
const REMEMBERED = 1 << 16

/** Creates an empty collection. */
export function createVersionTexts(): VersionTexts {
  const texts = createTexts()
  let known = new Map<number, Version | undefined>()

  function versionAt(id: number): Version | undefined {
    const found = known.get(id)
    if (found !== undefined || known.has(id)) return found
    if (known.size === REMEMBERED) known = new Map()
    const version = findVersion(texts.textAt(id))
    known.set(id, version)
    return version
  }

  return { texts, versionAt, ranks: () => rankVersions(texts) }
}

/** A version on its way to a rank. Most are whole numbers with points between: those are compared as they stand, and take little memory. */
interface Candidate {
  readonly id: number
  readonly text: string
  readonly numbers: readonly number[] | undefined
  /** Read when it is asked for, where `numbers` says all. */
  version: Version | undefined
}

const PLAIN = /^[0-9]{1,9}(?:\.[0-9]{1,9})*$/

function createCandidate(id: number, text: string): Candidate {
  const numbers = PLAIN.test(text) ? text.split('.').map(Number) : undefined
  return { id, text, numbers, version: numbers === undefined ? findVersion(text) : undefined }
}

function rankVersions(texts: Texts): Uint32Array {
  const candidates = Array.from({ length: texts.count() }, (_, id) => createCandidate(id, texts.textAt(id)))
  candidates.sort(compareCandidates)
  const ranks = new Uint32Array(candidates.length)
  let rank = 0
  candidates.forEach((candidate, at) => {
    const before = candidates[at - 1]
    if (before !== undefined && compareCandidates(before, candidate) !== 0) rank += 1
    ranks[candidate.id] = rank
  })
  return ranks
}

function compareCandidates(left: Candidate, right: Candidate): number {
  if (left.numbers !== undefined && right.numbers !== undefined) return compareNumbers(left.numbers, right.numbers)
  const leftVersion = readVersion(left)
  const rightVersion = readVersion(right)
  if (leftVersion !== undefined && rightVersion !== undefined) return compareVersions(leftVersion, rightVersion)
  if (leftVersion !== undefined || rightVersion !== undefined) return leftVersion === undefined ? -1 : 1
  return left.text < right.text ? -1 : left.text > right.text ? 1 : 0
}

function readVersion(candidate: Candidate): Version | undefined {
  if (candidate.numbers !== undefined) candidate.version ??= findVersion(candidate.text)
  return candidate.version
}

/** What is missing counts as 0. */
function compareNumbers(left: readonly number[], right: readonly number[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
