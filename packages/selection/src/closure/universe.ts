import { type MatchableRecord, type MatchCondition, type MatchSpec, matchesRecord, type Version } from '@mirror/core'
import type { VirtualPackage } from './closure-types.ts'
import type { Dependency, DependencyTable } from './dependency-table.ts'
import type { Facts, Shelf } from './shelf.ts'
import { canHaveVirtual } from './virtual-packages.ts'

/** Everything that a solver for one platform can pick from. A record is a node, counted over the shelves. */
export interface Universe {
  /** The subdir of the platform; `noarch` where nothing else is mirrored. */
  readonly platform: string
  readonly shelves: readonly Shelf[]
  readonly size: number
  readonly dependencies: DependencyTable
  /** Nodes that are in no solution are kept too. */
  readonly keepsAll: boolean
  readonly factsAt: (node: number) => Facts
  readonly locate: (node: number) => { readonly shelf: Shelf; readonly row: number }
  readonly nodesNamed: (name: string) => Int32Array
  /** Nodes that meet it. */
  readonly candidatesOf: (dependency: Dependency) => Int32Array
  /** Met, or taken as met, whatever the nodes are. */
  readonly isGiven: (dependency: Dependency) => boolean
  /** True unless the dependency has a condition that cannot hold on the platform. */
  readonly isPossible: (dependency: Dependency) => boolean
}

/** What makes a universe. */
export interface UniverseSource {
  readonly platform: string
  readonly shelves: readonly Shelf[]
  readonly dependencies: DependencyTable
  readonly virtualPackages: readonly VirtualPackage[] | undefined
  readonly elsewhere: boolean
  readonly keepsAll: boolean
}

const CHEAP_FIELDS: ReadonlySet<string> = new Set(['build', 'build_number'])

/** Creates the universe of a platform; what was found is kept. */
export function createUniverse(source: UniverseSource): Universe {
  const { platform, shelves, dependencies, virtualPackages } = source
  const starts = shelves.map((_, index) => shelves.slice(0, index).reduce((sum, { rows }) => sum + rows.count, 0))
  const size = shelves.reduce((sum, { rows }) => sum + rows.count, 0)
  const places = { shelves, starts }
  const named = new Map<string, Int32Array>()
  const candidates: (Int32Array | undefined)[] = []
  const given: (boolean | undefined)[] = []
  const universe: Universe = {
    platform,
    shelves,
    size,
    dependencies,
    keepsAll: source.keepsAll,
    factsAt: (node) => {
      const { shelf, row } = locate(places, node)
      return shelf.factsAt(row)
    },
    locate: (node) => locate(places, node),
    nodesNamed: (name) => named.get(name) ?? remember(named, name, findNamed(places, name)),
    candidatesOf: (dependency) => (candidates[dependency.id] ??= findCandidates(universe, dependency)),
    isGiven: (dependency) => (given[dependency.id] ??= isAlwaysMet(source, dependency)),
    isPossible: ({ spec }) => spec?.when === undefined || canHold(spec.when, (wanted) => canHaveVirtual(wanted, platform, virtualPackages)),
  }
  return universe
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  map.set(key, value)
  return value
}

interface Places {
  readonly shelves: readonly Shelf[]
  readonly starts: readonly number[]
}

function locate({ shelves, starts }: Places, node: number): { readonly shelf: Shelf; readonly row: number } {
  let index = starts.length - 1
  while (index > 0 && node < (starts[index] ?? 0)) index -= 1
  const shelf = shelves[index]
  if (shelf === undefined) throw new RangeError(`There is no node ${node}`)
  return { shelf, row: node - (starts[index] ?? 0) }
}

function findNamed({ shelves, starts }: Places, name: string): Int32Array {
  return Int32Array.from(shelves.flatMap((shelf, index) => shelf.spellingsOf(name).flatMap((spelling) => {
    const there = Array.from(shelf.rows.rowsNamed(spelling)).filter((row) => shelf.isThere(row))
    return there.map((row) => (starts[index] ?? 0) + row)
  })))
}

function findCandidates(universe: Universe, dependency: Dependency): Int32Array {
  if (dependency.isVirtual) return new Int32Array(0)
  const nodes = dependency.name === undefined ? findByPattern(universe, dependency.spec) : universe.nodesNamed(dependency.name)
  const { spec } = dependency
  if (spec === undefined || (spec.version === undefined && spec.fields.size === 0 && spec.flags.length === 0)) return nodes
  return nodes.filter(createTest(universe, spec))
}

function findByPattern({ shelves, nodesNamed }: Universe, spec: MatchSpec | undefined): Int32Array {
  if (spec === undefined) return new Int32Array(0)
  const names = new Set(shelves.flatMap((shelf) => shelf.names().filter((name) => spec.name.matches(name)).map((name) => name.toLowerCase())))
  return Int32Array.from([...names].flatMap((name) => [...nodesNamed(name)]))
}

/** A version is compared once for all records that have it. */
function createTest(universe: Universe, spec: MatchSpec): (node: number) => boolean {
  const answers = new Map<Version | string, boolean>()
  const rest: MatchSpec = { ...spec, version: undefined }
  const isCheap = spec.flags.length === 0 && spec.fields.keys().every((field) => CHEAP_FIELDS.has(field))
  return (node) => {
    const facts = universe.factsAt(node)
    const isWanted = spec.version === undefined
      || (answers.get(facts.version) ?? remember(answers, facts.version, spec.version.matches(facts.version)))
    return isWanted && ((isCheap && spec.fields.size === 0) || matchesRecord(rest, isCheap ? facts : readWhole(universe, node)))
  }
}

function readWhole(universe: Universe, node: number): MatchableRecord {
  const { shelf, row } = universe.locate(node)
  const { name, version } = universe.factsAt(node)
  const record = shelf.rows.recordAt(row)
  return { ...record, name, version, fn: record['fn'] ?? shelf.rows.keyAt(row), subdir: record['subdir'] ?? shelf.subdir }
}

function isAlwaysMet({ platform, virtualPackages, elsewhere }: UniverseSource, { spec, name, isVirtual }: Dependency): boolean {
  if (isVirtual) return spec === undefined || spec.name.type !== 'exact' || canHaveVirtual(spec, platform, virtualPackages)
  // What cannot be read is not judged, nor what another channel may have in another version.
  return name === undefined || spec === undefined || elsewhere
}

/** Whether records are there is not asked: a condition counts as one that may hold. */
function canHold(condition: MatchCondition, hasVirtual: (spec: MatchSpec) => boolean): boolean {
  switch (condition.type) {
    case 'and': return condition.of.every((part) => canHold(part, hasVirtual))
    case 'or': return condition.of.some((part) => canHold(part, hasVirtual))
    case 'spec': return !condition.spec.name.text.startsWith('__') || condition.spec.name.type !== 'exact' || hasVirtual(condition.spec)
  }
}
