import { parseVersion, type Version, type VersionClause } from '@mirror/core'

/** A Python that somebody wants: `3`, `3.10` or `3.10.4`, as its numbers. */
export type WantedPython = readonly number[]

/** One release of Python. */
export interface PythonRelease {
  readonly major: number
  readonly minor: number
  readonly patch: number
}

/** Where a version expression changes its mind, as major, minor and patch. */
export type Boundary = readonly [major: number, minor: number, patch: number]

const WANTED = /^[0-9]{1,4}(?:\.[0-9]{1,4}){0,2}$/
const MOST = 9999

/** True for what a list of Python versions can name: `3`, `3.10` or `3.10.4`. */
export function isPythonVersion(text: string): boolean {
  return WANTED.test(text)
}

/** The numbers of a version for which `isPythonVersion` is true. */
export function readPythonVersion(text: string): WantedPython {
  return text.split('.').map(Number)
}

/** The release as a version. */
export function versionOfRelease({ major, minor, patch }: PythonRelease): Version {
  return parseVersion(`${major}.${minor}.${patch}`)
}

/** The first three numbers of a version: `3.11.0a0` is at 3.11.0. */
export function boundaryOf(version: Version): Boundary {
  return [numberOf(version, 1), numberOf(version, 2), numberOf(version, 3)]
}

function numberOf(version: Version, segment: number): number {
  const atom = version.main[segment]?.[0] ?? 0
  return typeof atom === 'string' ? 0 : Math.min(Number(atom), MOST)
}

/** What is to be known of a version expression for looking for a release that it takes. */
export interface ClauseBoundaries {
  readonly boundaries: readonly Boundary[]
  /** True when it looks at the text of versions, so that its boundaries cannot be known. */
  readonly readsText: boolean
}

/** Where an expression changes its mind. */
export function boundariesOfClause(clause: VersionClause): ClauseBoundaries {
  switch (clause.type) {
    case 'any': return { boundaries: [], readsText: false }
    case 'text': return { boundaries: [], readsText: true }
    case 'all-of': case 'one-of': return joinBoundaries(clause.of.map(boundariesOfClause))
    case 'compare': case 'starts-with': case 'compatible': return { boundaries: [boundaryOf(clause.version)], readsText: false }
  }
}

/** The boundaries of all. */
export function joinBoundaries(parts: readonly ClauseBoundaries[]): ClauseBoundaries {
  return { boundaries: parts.flatMap(({ boundaries }) => boundaries), readsText: parts.some(({ readsText }) => readsText) }
}

const SAMPLED = Array.from({ length: 41 }, (_none, at) => at)

/**
 * Releases of a wanted Python, enough of them: if an expression takes any release of it, it takes one of these. Releases are triples of whole numbers, and an expression
 * changes its mind only at a boundary, or where the minor or major version of one begins or ends; so the neighbours of each boundary, the first and the last release of
 * each minor version beside one, and the ends of all stand for everything between. Where an expression reads text, some hundred releases stand for all.
 */
export function releasesOf(wanted: WantedPython, { boundaries, readsText }: ClauseBoundaries): readonly PythonRelease[] {
  const [major = 0, minor, patch] = wanted
  const inside = boundaries.filter((boundary) => boundary[0] === major)
  const minors = minor === undefined ? neighbours(inside.map((boundary) => boundary[1]), readsText) : [minor]
  return minors.flatMap((each) => {
    const patches = patch === undefined ? neighbours(inside.filter((boundary) => boundary[1] === each).map((boundary) => boundary[2]), readsText) : [patch]
    return patches.map((last) => ({ major, minor: each, patch: last }))
  })
}

function neighbours(numbers: readonly number[], readsText: boolean): readonly number[] {
  const around = numbers.flatMap((number) => [number - 1, number, number + 1]).filter((number) => number >= 0)
  return [...new Set([0, ...around, ...(readsText ? SAMPLED : []), MOST + 2])]
}
