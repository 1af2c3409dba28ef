import type { Dependency } from './dependency-table.ts'
import { killNode, type Search } from './search-state.ts'

/** Says that every solution meets the dependency: other nodes of its name die. */
export function forceDependency(search: Search, dependency: Dependency): void {
  const { name } = dependency
  if (name === undefined || search.universe.isGiven(dependency)) return
  restrict(search, { name, allowed: [dependency] })
}

/** Follows forced names to the names that all of their living nodes need. */
export function followForced(search: Search): void {
  const { dirty } = search
  for (const name of dirty) {
    dirty.delete(name)
    for (const restriction of findCommon(search, name)) restrict(search, restriction)
  }
}

interface Restriction {
  readonly name: string
  /** One of these is met. */
  readonly allowed: readonly Dependency[]
}

function restrict(search: Search, { name, allowed }: Restriction): void {
  const { universe, forced, dirty, dead } = search
  const wanted = new Set<number>()
  for (const dependency of allowed) for (const node of universe.candidatesOf(dependency)) wanted.add(node)
  if (!forced.has(name)) dirty.add(name)
  forced.add(name)
  const [first] = allowed
  if (first === undefined) return
  if (allowed.length > 1) search.alternatives.add(first.id)
  for (const node of universe.nodesNamed(name)) {
    if (dead[node] !== 0 || wanted.has(node)) continue
    killNode(search, node, -(first.id + 1))
    dirty.add(name)
  }
}

/** What all living nodes of the name need, under the same name. */
function findCommon({ universe, dead }: Search, name: string): readonly Restriction[] {
  let common: Map<string, Set<Dependency>> | undefined
  for (const node of universe.nodesNamed(name)) {
    if (dead[node] !== 0) continue
    const needs = readNeeds(universe.factsAt(node).needs, universe.isGiven)
    if (common === undefined) common = new Map([...needs].map(([key, dependency]) => [key, new Set([dependency])]))
    else intersect(common, needs)
    if (common.size === 0) break
  }
  return [...(common ?? [])].map(([key, allowed]) => ({ name: key, allowed: [...allowed] }))
}

/** One dependency a name: were there two, both would have to be met, so one alone rules out less and is right too. */
function readNeeds(needs: readonly Dependency[], isGiven: (dependency: Dependency) => boolean): ReadonlyMap<string, Dependency> {
  const found = new Map<string, Dependency>()
  for (const dependency of needs) if (dependency.name !== undefined && !isGiven(dependency)) found.set(dependency.name, dependency)
  return found
}

function intersect(common: Map<string, Set<Dependency>>, needs: ReadonlyMap<string, Dependency>): void {
  for (const [name, allowed] of common) {
    const dependency = needs.get(name)
    if (dependency === undefined) common.delete(name)
    else allowed.add(dependency)
  }
}
