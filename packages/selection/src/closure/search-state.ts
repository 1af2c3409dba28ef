import type { Dependency } from './dependency-table.ts'
import type { Universe } from './universe.ts'

/** A search for what can be in a solution of a set of seeds: nodes that cannot are found dead, and what is left and reached is kept. */
export interface Search {
  readonly universe: Universe
  readonly seeds: readonly Dependency[]
  /** Non-zero for nodes that are in no solution. Those that were not reached are perhaps not known to be. */
  readonly dead: Uint8Array
  /** Why a node is dead, as an id of a dependency plus 1: one that it needs and nothing meets; negative: one of others that it does not meet. */
  readonly causes: Int32Array
  /** When a node died, counted from 1: whatever made it die died before. */
  readonly deathOf: Int32Array
  readonly reached: Uint8Array
  /** By dependency: the nodes that need it; undefined as long as it was not reached. */
  readonly dependents: (number[] | undefined)[]
  /** By node: the dependencies that count on it as their first living candidate. */
  readonly watchers: (number[] | undefined)[]
  /** By dependency: where its first living candidate stands among its candidates. */
  readonly cursors: number[]
  readonly unmet: Set<number>
  /** Nodes that died and whose watchers do not know. */
  readonly deaths: number[]
  /** Names that every solution must have. */
  readonly forced: Set<string>
  /** Forced names whose living nodes became fewer, so that more may follow from them. */
  readonly dirty: Set<string>
  /** Dependencies that stand, as a cause, for several of which one is met. */
  readonly alternatives: Set<number>
  /** Nodes that died so far. */
  counted: number
  readonly trail: Trail
}

/** What has happened since a search stood where it is to be taken back to. */
export interface Trail {
  /** Nodes that died. */
  readonly dead: number[]
  /** Dependencies whose first living candidate moved, and where it stood among its candidates before. */
  readonly moved: { readonly id: number; readonly cursor: number }[]
  /** Dependencies that nothing meets any more. */
  readonly unmet: number[]
}

/** Creates a search that knows nothing yet. */
export function createSearch(universe: Universe, seeds: readonly Dependency[]): Search {
  return {
    universe,
    seeds,
    dead: new Uint8Array(universe.size),
    causes: new Int32Array(universe.size),
    deathOf: new Int32Array(universe.size),
    reached: new Uint8Array(universe.size),
    dependents: [],
    watchers: [],
    cursors: [],
    unmet: new Set(),
    deaths: [],
    forced: new Set(),
    dirty: new Set(),
    alternatives: new Set(),
    counted: 0,
    trail: { dead: [], moved: [], unmet: [] },
  }
}

/** Marks a node dead, if it is not. */
export function killNode(search: Search, node: number, cause: number): void {
  if (search.dead[node] !== 0) return
  search.counted += 1
  search.dead[node] = 1
  search.causes[node] = cause
  search.deathOf[node] = search.counted
  search.deaths.push(node)
  search.trail.dead.push(node)
}

/** Forgets how a search came to stand where it does: there it is taken back to. */
export function forgetTrail({ trail }: Search): void {
  trail.dead.length = 0
  trail.moved.length = 0
  trail.unmet.length = 0
}

/**
 * Takes a search back; gives the dependencies that are met again, and that no candidate watches over. The others stay with the candidate that they have: it was alive with
 * more nodes dead, and so it is now.
 */
export function takeBack(search: Search): readonly number[] {
  const { trail, dead, causes, deathOf, cursors, unmet, forced, dirty, alternatives } = search
  for (const node of trail.dead) {
    dead[node] = 0
    causes[node] = 0
    deathOf[node] = 0
  }
  for (const { id, cursor } of trail.moved.toReversed()) cursors[id] = cursor
  const met = [...trail.unmet]
  for (const id of met) unmet.delete(id)
  forced.clear()
  dirty.clear()
  alternatives.clear()
  return met
}
