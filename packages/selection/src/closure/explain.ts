import { compareVersions, findVersion, type Version } from '@mirror/core'
import type { Dependency } from './dependency-table.ts'
import type { Search } from './search-state.ts'
import type { Universe } from './universe.ts'

const MAXIMUM_STEPS = 6
const MAXIMUM_TEXT = 200

/**
 * Why nothing meets the dependency, as the end of a sentence that names it: the shortest chain of needs that was found, down to what the channel does not have.
 * Up to 6 steps.
 */
export function explainUnmet(search: Search, unmet: Dependency): string {
  const steps: string[] = []
  let dependency = unmet
  for (;;) {
    const step = findStep(search, dependency)
    steps.push(step.text)
    if (step.next === undefined) break
    if (steps.length === MAXIMUM_STEPS) {
      steps.push('and so on')
      break
    }
    dependency = step.next
  }
  return steps.join('; ')
}

interface Step {
  readonly text: string
  readonly next: Dependency | undefined
}

function findStep(search: Search, dependency: Dependency): Step {
  const { universe, causes } = search
  const candidates = universe.candidatesOf(dependency)
  const node = findFirst(search, candidates)
  if (node === undefined) return { text: explainMissing(universe, dependency), next: undefined }
  const cause = causes[node] ?? 0
  const because = universe.dependencies.at(Math.abs(cause) - 1)
  const others = candidates.length === 1 ? '' : `, like ${count(candidates.length - 1, 'other')} that would do,`
  if (cause > 0) return { text: `${describeNode(universe, node)}${others} needs ${quote(because.text)}`, next: because }
  return { text: `${describeNode(universe, node)}${others} cannot be had together with ${quote(because.text)}${search.alternatives.has(because.id) ? ' or the like' : ''}, which the rest needs`, next: undefined }
}

/** Whoever died first has the shortest chain below it. */
function findFirst({ deathOf }: Search, candidates: Int32Array): number | undefined {
  let first: number | undefined
  for (const node of candidates) {
    if (deathOf[node] !== 0 && (first === undefined || (deathOf[node] ?? 0) < (deathOf[first] ?? 0))) first = node
  }
  return first
}

function explainMissing(universe: Universe, dependency: Dependency): string {
  const { platform, shelves } = universe
  if (dependency.isVirtual) return `no such virtual package is there on ${platform}`
  if (dependency.name === undefined) return 'the channel has no record that matches'
  const { name } = dependency
  const there = universe.nodesNamed(name)
  const before = shelves.reduce((sum, shelf) => sum + countLeftOut(shelf, name), 0)
  const leftOut = before === 0 ? '' : `${there.length === 0 ? '' : ', and'} ${count(before, 'record')} of it ${before === 1 ? 'was' : 'were'} left out by the rules before`
  if (there.length > 0) return `the channel has ${name} only ${describeVersions(universe, there)}${leftOut}`
  return before === 0 ? `the channel has no ${name} for ${platform}` : `of ${name}${leftOut}, which is all that the channel has`
}

function countLeftOut({ rows, isThere, spellingsOf }: Universe['shelves'][number], name: string): number {
  let found = 0
  for (const spelling of spellingsOf(name)) {
    const named = rows.rowsNamed(spelling)
    for (let at = 0; at < named.length; at += 1) if (!isThere(named[at] ?? 0)) found += 1
  }
  return found
}

function describeVersions(universe: Universe, nodes: Int32Array): string {
  const texts = new Map<string, Version | undefined>()
  for (const node of nodes) {
    const { version } = universe.factsAt(node)
    const text = typeof version === 'string' ? version : version.text
    texts.set(text, typeof version === 'string' ? findVersion(version) : version)
  }
  const sorted = [...texts].sort(([, left], [, right]) => (left === undefined || right === undefined ? 0 : compareVersions(left, right))).map(([text]) => text)
  if (sorted.length <= 3) return `as ${sorted.map(shorten).join(', ')}`
  return `in ${sorted.length} versions from ${shorten(sorted[0] ?? '')} to ${shorten(sorted.at(-1) ?? '')}`
}

function describeNode(universe: Universe, node: number): string {
  const { shelf, row } = universe.locate(node)
  return shorten(shelf.rows.keyAt(row))
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Text of a record, which may hold anything. */
function quote(text: string): string {
  return JSON.stringify(shorten(text))
}

function shorten(text: string): string {
  return text.length <= MAXIMUM_TEXT ? text : `${text.slice(0, MAXIMUM_TEXT)}…`
}
