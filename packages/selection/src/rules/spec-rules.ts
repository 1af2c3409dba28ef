import { formatMatchSpec, matchesRecord, type MatchSpec } from '@mirror/core'
import type { RecordCursor } from '../records/record-cursor.ts'
import type { Selection } from '../selection.ts'
import { codeOf, NOBODY } from './rule-codes.ts'

/** The specs that records of one name can match. */
export interface SpecCandidates {
  readonly exclude: readonly Candidate[]
  readonly include: readonly Candidate[]
}

interface Candidate {
  readonly spec: MatchSpec
  /** Nothing but a name is asked for. */
  readonly isName: boolean
  isMatched: boolean
}

/** What the specs say of a record. */
export interface SpecVerdict {
  readonly code: number
  readonly isOut: boolean
}

/** `exclude` and `include`. */
export interface SpecRules {
  readonly candidatesFor: (name: string) => SpecCandidates
  /** `isOut`: something before has left the record out already, and only what matches nothing so far is of interest. */
  readonly decide: (candidates: SpecCandidates, cursor: RecordCursor, isOut: boolean) => SpecVerdict
  /** Those that nothing has matched so far. */
  readonly unmatched: () => ReadonlySet<MatchSpec>
}

const EXCLUDE = codeOf('exclude')
const INCLUDE = codeOf('include')
const UNTOUCHED: SpecVerdict = { code: NOBODY, isOut: false }
const EXCLUDED: SpecVerdict = { code: EXCLUDE, isOut: true }
const ADDED_BACK: SpecVerdict = { code: INCLUDE, isOut: false }
const NOT_INCLUDED: SpecVerdict = { code: INCLUDE, isOut: true }

/** Creates the rules; undefined where there is no spec. */
export function createSpecRules({ exclude = [], include = [] }: Selection): SpecRules | undefined {
  if (exclude.length === 0 && include.length === 0) return undefined
  const excluding = createSpecList(exclude)
  const including = createSpecList(include)
  const rules = { excludes: exclude.length > 0, includes: include.length > 0 }

  return {
    candidatesFor: (name) => ({ exclude: excluding.candidatesFor(name), include: including.candidatesFor(name) }),
    decide(candidates, cursor, isOut) {
      const isExcluded = matchSome(candidates.exclude, cursor, rules.excludes && !isOut)
      const isIncluded = matchSome(candidates.include, cursor, rules.includes && !isOut && (!rules.excludes || isExcluded))
      if (isOut) return UNTOUCHED
      if (!rules.excludes) return isIncluded ? UNTOUCHED : NOT_INCLUDED
      if (!isExcluded) return UNTOUCHED
      return isIncluded ? ADDED_BACK : EXCLUDED
    },
    unmatched: () => new Set([...excluding.all, ...including.all].filter(({ isMatched }) => !isMatched).map(({ spec }) => spec)),
  }
}

/** Asks until one matches, if that is `wanted`; and all that have matched nothing so far, to know that they do. */
function matchSome(candidates: readonly Candidate[], cursor: RecordCursor, wanted: boolean): boolean {
  let found = false
  for (const candidate of candidates) {
    if (candidate.isMatched && (found || !wanted)) continue
    if (!candidate.isName && !matchesRecord(candidate.spec, cursor.matchable)) continue
    candidate.isMatched = true
    found = true
  }
  return found
}

interface SpecList {
  readonly all: readonly Candidate[]
  readonly candidatesFor: (name: string) => readonly Candidate[]
}

/** Specs with a name are looked up by it; the others are compared once for each name. */
function createSpecList(specs: readonly MatchSpec[]): SpecList {
  const all = specs.map((spec): Candidate => ({ spec, isName: spec.version === undefined && spec.fields.size === 0 && spec.flags.length === 0, isMatched: false }))
  const named = Map.groupBy(all.filter(({ spec }) => spec.name.type === 'exact'), ({ spec }) => spec.name.text)
  const patterns = all.filter(({ spec }) => spec.name.type !== 'exact')
  return {
    all,
    candidatesFor(name) {
      const exact = named.get(name.toLowerCase()) ?? []
      const others = patterns.filter(({ spec }) => spec.name.matches(name))
      return others.length === 0 ? exact : [...exact, ...others]
    },
  }
}

/** Says for each list which of its specs none of the rules has seen matched. */
export function noteUnmatchedSpecs({ exclude = [], include = [] }: Selection, all: readonly SpecRules[]): readonly string[] {
  const unmatched = all.map((rules) => rules.unmatched())
  const lists = [['exclude', exclude], ['include', include]] as const
  return lists.flatMap(([list, specs]) => specs.filter((spec) => unmatched.every((some) => some.has(spec))).map((spec) => `${list}: nothing matches ${JSON.stringify(formatMatchSpec(spec))}`))
}
