import { formatMatchSpec, type MatchSpec, MirrorError, NOARCH, type SubdirName } from '@mirror/core'
import type { RecordRows } from '../selectable-index.ts'
import type { Closure, ClosureChoice } from './closure-types.ts'
import { createDependencyTable, type Dependency, type DependencyTable } from './dependency-table.ts'
import { explainUnmet } from './explain.ts'
import { findLocked } from './find-locked.ts'
import { seedsOfChannel } from './seeds-of-channel.ts'
import { createSharedSearch, type SearchResult } from './search.ts'
import { createShelf, type Shelf } from './shelf.ts'
import { createUniverse, type Universe } from './universe.ts'

/** What a closure is made of, beside the records. */
export interface CloseOverOptions {
  readonly choice: ClosureChoice
  /** By subdir: non-zero for the rows that may be kept; undefined for all. A subdir that is missing counts as all. */
  readonly keep: ReadonlyMap<SubdirName, Uint8Array | undefined>
  /** The URL of the channel, without secrets. Without it a seed's channel is not looked at. */
  readonly channel?: string | undefined
  /** Records of other channels that are used together with this one: they are reached and can meet dependencies, and are not kept by this call. */
  readonly alongside?: readonly { readonly rows: readonly RecordRows[]; readonly keep: ReadonlyMap<SubdirName, Uint8Array | undefined> }[] | undefined
}

/**
 * Finds what must be kept so that seeds can be installed from what is kept alone, with every choice that a solver has in the whole: for each platform, the records of its
 * subdir and of noarch that some solution of a seed can have (`searchSolutions` says what that means). Seeds of `specs` count each for itself; since a solution of several is
 * a union of solutions of each, this covers any subset of them. Sets of `environments` count as a whole. A condition (`when`) counts as one that may hold unless a virtual
 * package of the platform rules it out; a group of `extra_depends` only where a spec asks for it with `extras`. Artifacts of locks are kept exactly.
 *
 * So a solver has the same solutions in what is kept as in the whole. Which of them it prefers can depend on records that are in none, in a search that has to go back:
 * with `exact` these are kept too, and it prefers the same. Throws `CLOSURE_UNSOLVABLE` for seeds that no
 * platform can have, and for locked artifacts that are missing or have another digest, with all of them in `details`.
 */
export function closeOver(rows: readonly RecordRows[], options: CloseOverOptions): Closure {
  const dependencies = createDependencyTable()
  const shelves = createShelves(rows, options, dependencies)
  const keep = new Map(rows.map(({ subdir, count }) => [subdir, new Uint8Array(count)]))
  const locked = findLocked(options.choice.artifacts, shelves)
  for (const { shelf, row } of locked.rows) mark(keep, shelf, row)
  const { sets, notes } = createSets(options, dependencies)
  const failures = closeAll(sets, { shelves, options, dependencies, keep, notes })
  const refused = failures.filter(({ isEverywhere }) => isEverywhere)
  if (refused.length + locked.missing.length > 0) throw unsolvable(refused, locked.missing, sets.length + options.choice.artifacts.length)
  const elsewhere = [...locked.elsewhere].map(([subdir, found]) => `${found} locked artifacts are for ${subdir}, which is not mirrored`)
  return { keep, notes: [...notes, ...elsewhere, ...failures.flatMap(({ reasons }) => reasons)] }
}

function createShelves(rows: readonly RecordRows[], { keep, alongside = [] }: CloseOverOptions, dependencies: DependencyTable): readonly Shelf[] {
  const own = rows.map((each) => createShelf({ rows: each, keep: keep.get(each.subdir), isOwn: true }, dependencies))
  const others = alongside.flatMap((channel) => channel.rows.map((each) => createShelf({ rows: each, keep: channel.keep.get(each.subdir), isOwn: false }, dependencies)))
  return [...own, ...others]
}

function mark(keep: ReadonlyMap<SubdirName, Uint8Array>, { subdir }: Shelf, row: number): void {
  const marks = keep.get(subdir)
  if (marks !== undefined) marks[row] = 1
}

/** Seeds that are installed together, under one text. */
interface SeedSet {
  readonly text: string
  readonly seeds: readonly Dependency[]
}

function createSets({ choice, channel, alongside }: CloseOverOptions, dependencies: DependencyTable): { readonly sets: readonly SeedSet[]; readonly notes: Set<string> } {
  const lists = [...choice.specs.map((spec) => [spec]), ...(choice.environments ?? [])]
  const notes = new Set<string>()
  const sets = new Map<string, SeedSet>()
  for (const list of lists) {
    // Where other channels are at hand, a seed of theirs is found there: they are one universe.
    const { own, others } = seedsOfChannel(list, (alongside ?? []).length > 0 ? undefined : channel)
    for (const spec of others) notes.add(`${formatMatchSpec(spec)} is a seed of another channel`)
    const seeds = own.map((spec) => toSeed(spec, dependencies))
    const text = seeds.map((seed) => seed.text).join(', ')
    if (seeds.length > 0) sets.set(text, { text, seeds })
  }
  return { sets: [...sets.values()], notes }
}

function toSeed(spec: MatchSpec, dependencies: DependencyTable): Dependency {
  return dependencies.add(nameSeed(spec), { ...spec, fields: new Map([...spec.fields].filter(([field]) => field !== 'channel')) })
}

/** As people write it, where that says all. */
function nameSeed(spec: MatchSpec): string {
  const isPlain = spec.flags.length + spec.extras.length === 0 && spec.when === undefined && spec.fields.keys().every((field) => field === 'build')
  const build = spec.fields.get('build')?.text
  return isPlain ? [spec.name.text, spec.version?.text ?? (build === undefined ? '' : '*'), build ?? ''].join(' ').trim() : formatMatchSpec(spec)
}

interface Failure {
  readonly text: string
  /** No platform can have it. */
  readonly isEverywhere: boolean
  /** One sentence a platform. */
  readonly reasons: readonly string[]
}

interface Work {
  readonly shelves: readonly Shelf[]
  readonly options: CloseOverOptions
  readonly dependencies: DependencyTable
  readonly keep: ReadonlyMap<SubdirName, Uint8Array>
  readonly notes: Set<string>
}

function closeAll(sets: readonly SeedSet[], work: Work): readonly Failure[] {
  const platforms = platformsOf(work.shelves)
  const reasons = new Map(sets.map((set) => [set, new Array<string>()]))
  for (const platform of sets.length === 0 ? [] : platforms) {
    const universe = createPlatform(platform, work)
    const search = createSharedSearch(universe, sets.map(({ seeds }) => seeds))
    for (const set of sets) {
      const reason = closeOne({ universe, result: search(set.seeds) }, set, work)
      if (reason !== undefined) reasons.get(set)?.push(reason)
    }
    // Only noarch is looked at again, for the next platform.
    for (const shelf of universe.shelves) if (shelf.subdir !== NOARCH) shelf.forget()
  }
  return [...reasons].filter(([, found]) => found.length > 0)
    .map(([{ text }, found]) => ({ text, isEverywhere: found.length === platforms.length, reasons: found }))
}

/** Those of this channel; where it has noarch alone, those of the channels that it is used with. */
function platformsOf(shelves: readonly Shelf[]): readonly SubdirName[] {
  const own = shelves.filter(({ isOwn }) => isOwn)
  const others = shelves.filter(({ isOwn }) => !isOwn)
  for (const some of [own, others]) {
    const platforms = [...new Set(some.map(({ subdir }) => subdir))].filter((subdir) => subdir !== NOARCH)
    if (platforms.length > 0) return platforms
  }
  return own.length === 0 ? [] : [NOARCH]
}

function createPlatform(platform: SubdirName, { shelves, options, dependencies }: Work): Universe {
  return createUniverse({
    platform,
    shelves: shelves.filter(({ subdir }) => subdir === platform || subdir === NOARCH),
    dependencies,
    virtualPackages: options.choice.virtualPackages.get(platform),
    elsewhere: options.choice.elsewhere === true,
    keepsAll: options.choice.exact === true,
  })
}

interface Found {
  readonly universe: Universe
  readonly result: SearchResult
}

function closeOne({ universe, result }: Found, { text, seeds }: SeedSet, { keep, notes }: Work): string | undefined {
  if (result.status === 'unsolvable') {
    const seed = seeds.length === 1 ? '' : ` because of ${JSON.stringify(result.unmet.text)}`
    return `${JSON.stringify(text)} cannot be had on ${universe.platform}${seed}: ${explainUnmet(result.search, result.unmet)}`
  }
  for (const seed of seeds) {
    const isNowhere = !seed.isVirtual && universe.candidatesOf(seed).length === 0
    if (isNowhere) notes.add(`${JSON.stringify(seed.text)} is not here for ${universe.platform}, and taken to be had elsewhere`)
  }
  for (const node of result.nodes) {
    const { shelf, row } = universe.locate(node)
    if (shelf.isOwn) mark(keep, shelf, row)
  }
  return undefined
}

const SHOWN = 10

function unsolvable(failures: readonly Failure[], missing: readonly string[], total: number): MirrorError<'CLOSURE_UNSOLVABLE'> {
  const faults = [...failures.map(({ reasons, text }) => reasons[0] ?? text), ...missing]
  const shown = faults.slice(0, SHOWN).map((fault) => `\n  ${fault}`).join('')
  const rest = faults.length > SHOWN ? `\n  and ${faults.length - SHOWN} more` : ''
  return new MirrorError('CLOSURE_UNSOLVABLE', `Cannot close over ${total} seeds: ${faults.length} cannot be had${shown}${rest}`, {
    hint: missing.length > 0
      ? 'Make the lock file anew, or let the rules before the closure keep what it names.'
      : 'Correct the seeds, name the virtual packages that the machines have, or let the rules before the closure keep what is needed.',
    details: { seeds: failures.map(({ text, reasons }) => ({ seed: text, reasons })), artifacts: missing },
  })
}
