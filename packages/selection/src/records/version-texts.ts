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

interface Candidate {
  readonly id: number
  readonly text: string
  readonly version: Version | undefined
}

function rankVersions(texts: Texts): Uint32Array {
  const candidates = Array.from({ length: texts.count() }, (_, id): Candidate => ({ id, text: texts.textAt(id), version: findVersion(texts.textAt(id)) }))
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
  if (left.version !== undefined && right.version !== undefined) return compareVersions(left.version, right.version)
  if (left.version !== undefined || right.version !== undefined) return left.version === undefined ? -1 : 1
  return left.text < right.text ? -1 : left.text > right.text ? 1 : 0
}
