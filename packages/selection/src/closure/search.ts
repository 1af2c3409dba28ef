import type { Dependency } from './dependency-table.ts'
import { followForced, forceDependency } from './forcing.ts'
import { createSearch, forgetTrail, killNode, type Search, takeBack } from './search-state.ts'
import type { Universe } from './universe.ts'

/** What came of a search: nodes that are kept, or why there is no solution: a seed that nothing living meets. */
export type SearchResult =
  | { readonly status: 'found'; readonly nodes: readonly number[] }
  | { readonly status: 'unsolvable'; readonly search: Search; readonly unmet: Dependency }

/**
 * Finds the nodes that some solution can have in which all seeds are installed together. None of a solution is missing; not all that is found need be in one.
 *
 * A node is only found dead when (1) a dependency of it without a condition has no living candidate, or (2) its name is one that every solution must have, and it is none
 * of those that can be it: conda installs one record of a name. Every solution must have a name when a seed asks for it, or when all living nodes of such a name need it.
 * `constrains`, `features` and `track_features` are not looked at. Where the universe keeps all, dead nodes are found too, and count for unsolvable seeds alone.
 */
export function searchSolutions(universe: Universe, seeds: readonly Dependency[]): SearchResult {
  const search = createSearch(universe, seeds)
  for (const seed of seeds) forceDependency(search, seed)
  followForced(search)
  discover(search)
  return conclude(search, seeds)
}

/**
 * Creates a search for the solutions of each of several sets of seeds. What is reached, and what can be in no solution of any seed, is found once for all of them; the
 * names that one set forces are followed from there, and taken back. What is found can be less than `searchSolutions` finds for a set alone, where others have shown that
 * more is dead, and never lacks a node of a solution.
 */
export function createSharedSearch(universe: Universe, sets: readonly (readonly Dependency[])[]): (seeds: readonly Dependency[]) => SearchResult {
  if (sets.length < 2) return (seeds) => searchSolutions(universe, seeds)
  const search = createSearch(universe, sets.flat())
  discover(search)
  settle(search)
  forgetTrail(search)

  return (seeds) => {
    for (const seed of seeds) forceDependency(search, seed)
    followForced(search)
    const result = conclude(search, seeds)
    for (const id of takeBack(search)) watchNext(search, universe.dependencies.at(id))
    forgetTrail(search)
    // Alone, so that what is told of the reasons is about these seeds.
    return result.status === 'found' ? result : searchSolutions(universe, seeds)
  }
}

/** Follows what is forced and dead to its end. */
function conclude(search: Search, seeds: readonly Dependency[]): SearchResult {
  const { universe } = search
  settle(search)
  while (search.dirty.size > 0) {
    followForced(search)
    settle(search)
  }
  const unmet = seeds.find((seed) => !isGivenSeed(universe, seed) && !isMet(search, seed))
  return unmet === undefined ? { status: 'found', nodes: collect(universe, seeds, universe.keepsAll ? new Uint8Array(universe.size) : search.dead) } : { status: 'unsolvable', search, unmet }
}

/** A pattern of names asks for at least one record. */
function isGivenSeed(universe: Universe, seed: Dependency): boolean {
  return seed.name === undefined ? seed.isVirtual : universe.isGiven(seed)
}

function isMet({ universe, dead }: Search, dependency: Dependency): boolean {
  return universe.candidatesOf(dependency).some((node) => dead[node] === 0)
}

/** What is still to be looked at. */
interface Agenda {
  readonly nodes: number[]
  readonly dependencies: Dependency[]
}

/** Reaches everything that the seeds can lead to and that is not dead yet. */
function discover(search: Search): void {
  const agenda: Agenda = { nodes: [], dependencies: [...search.seeds] }
  // In the order in which they are found: records of a name stand side by side, and reading them one after the other is quick.
  for (let at = 0; at < agenda.nodes.length || agenda.dependencies.length > 0;) {
    const dependency = agenda.dependencies.pop()
    if (dependency === undefined) {
      reach(search, agenda.nodes[at] ?? 0, agenda)
      at += 1
    } else visit(search, dependency, agenda)
  }
}

function reach(search: Search, node: number, agenda: Agenda): void {
  const { universe, dependents, unmet } = search
  const { needs, conditional } = universe.factsAt(node)
  for (const dependency of needs) {
    if (search.dead[node] !== 0) return
    visit(search, dependency, agenda)
    dependents[dependency.id]?.push(node)
    if (unmet.has(dependency.id)) killNode(search, node, dependency.id + 1)
  }
  for (const dependency of conditional) if (universe.isPossible(dependency)) agenda.dependencies.push(dependency)
}

function visit(search: Search, dependency: Dependency, agenda: Agenda): void {
  const { universe, dependents, reached } = search
  if (dependents[dependency.id] !== undefined) return
  dependents[dependency.id] = []
  const candidates = universe.candidatesOf(dependency)
  for (const node of candidates) {
    if (reached[node] !== 0) continue
    reached[node] = 1
    agenda.nodes.push(node)
  }
  for (const group of dependency.spec?.extras ?? []) for (const item of readGroup(universe, candidates, group)) agenda.dependencies.push(item)
  if (!universe.isGiven(dependency)) watchNext(search, dependency)
}

/** Nothing dies of a dependency in a group: some clients do not know of groups. */
function* readGroup(universe: Universe, nodes: Iterable<number>, group: string): Generator<Dependency> {
  for (const node of nodes) for (const dependency of universe.factsAt(node).groups?.get(group) ?? []) if (universe.isPossible(dependency)) yield dependency
}

/** The first candidate that lives now watches over the dependency; without one, all that need it die. */
function watchNext(search: Search, dependency: Dependency): void {
  const { id } = dependency
  const { watchers, unmet, trail, dependents } = search
  const node = findLiving(search, dependency)
  if (node === undefined) {
    unmet.add(id)
    trail.unmet.push(id)
    for (const dependent of dependents[id] ?? []) killNode(search, dependent, id + 1)
  } else if (watchers[node] === undefined) watchers[node] = [id]
  else watchers[node].push(id)
}

function findLiving({ universe, dead, cursors, trail }: Search, dependency: Dependency): number | undefined {
  const { id } = dependency
  const candidates = universe.candidatesOf(dependency)
  const cursor = cursors[id] ?? 0
  let at = cursor
  while (at < candidates.length && dead[candidates[at] ?? 0] !== 0) at += 1
  if (at !== cursor) trail.moved.push({ id, cursor })
  cursors[id] = at
  return candidates[at]
}

/** Carries deaths on until no more follow, in their order: so the causes lead to the bottom by a short way. */
function settle(search: Search): void {
  const { deaths, universe, watchers, forced, dirty } = search
  for (let at = 0; at < deaths.length; at += 1) {
    const node = deaths[at] ?? 0
    const name = universe.factsAt(node).name.toLowerCase()
    if (forced.has(name)) dirty.add(name)
    for (const id of watchers[node] ?? []) watchNext(search, universe.dependencies.at(id))
    watchers[node] = undefined
  }
  deaths.length = 0
}

/** What is not dead and is reached from the seeds by such nodes alone. */
function collect(universe: Universe, seeds: readonly Dependency[], dead: Uint8Array): readonly number[] {
  const nodes: number[] = []
  const found = new Uint8Array(universe.size)
  const asked: boolean[] = []
  const pending: Dependency[] = [...seeds]
  function follow(dependency: Dependency): void {
    if (asked[dependency.id] === true) return
    asked[dependency.id] = true
    const candidates = universe.candidatesOf(dependency)
    for (const node of candidates) {
      if (dead[node] !== 0 || found[node] !== 0) continue
      found[node] = 1
      nodes.push(node)
    }
    const extras = dependency.spec?.extras ?? []
    if (extras.length === 0) return
    const living = candidates.filter((node) => dead[node] === 0)
    for (const group of extras) for (const item of readGroup(universe, living, group)) pending.push(item)
  }
  for (let at = 0; at < nodes.length || pending.length > 0;) {
    const dependency = pending.pop()
    if (dependency !== undefined) {
      follow(dependency)
      continue
    }
    const { needs, conditional } = universe.factsAt(nodes[at] ?? 0)
    for (const need of needs) follow(need)
    for (const need of conditional) if (universe.isPossible(need)) follow(need)
    at += 1
  }
  return nodes
}
