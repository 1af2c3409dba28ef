import { isMirrorError, matchesRecord, parseMatchSpec } from '@mirror/core'
import fc from 'fast-check'
import { test } from 'vitest'
import { closeOver } from '../../src/closure/close-over.ts'
import { keptOf, rowsOf } from './json-rows.ts'

interface Item {
  readonly name: string
  readonly version: string
  readonly depends: readonly string[]
}

const NAMES = ['a', 'b', 'c', 'd', 'e']
const keyOf = ({ name, version }: Item) => `${name}-${version}-0`
const arbitraryName = fc.constantFrom(...NAMES)
const arbitrarySpec = fc.tuple(arbitraryName, fc.constantFrom('', ' 1', ' >=2', ' <3', ' 9')).map((parts) => parts.join(''))
const arbitraryNeed = fc.oneof({ weight: 5, arbitrary: arbitrarySpec }, { weight: 1, arbitrary: fc.tuple(arbitrarySpec, arbitrarySpec).map(([need, when]) => `${need.replace(/ (.*)/, "[version='$1']")}[when="${when}"]`.replace('][', ',')) })
const arbitraryItems = fc.uniqueArray(
  fc.record({ name: arbitraryName, version: fc.constantFrom('1', '2', '3'), depends: fc.array(arbitraryNeed, { maxLength: 2 }) }),
  { selector: keyOf, minLength: 3, maxLength: 11 },
)

const meets = (spec: ReturnType<typeof parseMatchSpec>, { name, version }: Item) => matchesRecord(spec, { name, version })

/** What a record needs beside these. */
function activeNeeds(item: Item, set: readonly Item[]) {
  return item.depends.map((text) => parseMatchSpec(text)).filter(({ when }) => when === undefined || (when.type === 'spec' && set.some((other) => meets(when.spec, other))))
}

/** All sets with one record a name at most in which everything is met. */
function* solutions(items: readonly Item[]): Generator<readonly Item[]> {
  const choices = NAMES.map((name) => [undefined, ...items.filter((item) => item.name === name)])
  function* choose(at: number, set: readonly Item[]): Generator<readonly Item[]> {
    if (at < choices.length) for (const item of choices[at] ?? []) yield* choose(at + 1, item === undefined ? set : [...set, item])
    else if (set.every((item) => activeNeeds(item, set).every((need) => set.some((other) => meets(need, other))))) yield set
  }
  yield* choose(0, [])
}

/** The part of a solution that the seeds lead to. */
function reach(set: readonly Item[], seeds: readonly string[]): ReadonlySet<string> {
  const reached = new Set<string>()
  const queue = seeds.map((seed) => parseMatchSpec(seed))
  for (const spec of queue) {
    for (const item of set.filter((other) => meets(spec, other) && !reached.has(keyOf(other)))) {
      reached.add(keyOf(item))
      queue.push(...activeNeeds(item, set))
    }
  }
  return reached
}

function naive(items: readonly Item[], sets: readonly (readonly string[])[]) {
  const wanted = new Set<string>()
  const solvable = sets.map(() => false)
  for (const set of solutions(items)) {
    for (const [at, seeds] of sets.entries()) {
      if (!seeds.every((seed) => set.some((item) => meets(parseMatchSpec(seed), item)))) continue
      solvable[at] = true
      for (const key of reach(set, seeds)) wanted.add(key)
    }
  }
  return { wanted, solvable }
}

/** What is reached by records alone whose needs can be met by such records. */
function fixpoint(items: readonly Item[], seeds: readonly string[]): ReadonlySet<string> {
  let alive = items
  for (let before = -1; before !== alive.length;) {
    before = alive.length
    const those = alive
    alive = those.filter((item) => item.depends.every((text) => text.includes('when=') || those.some((other) => meets(parseMatchSpec(text), other))))
  }
  const reached = new Set<string>()
  const queue = seeds.map((seed) => parseMatchSpec(seed))
  for (const spec of queue) {
    for (const item of alive.filter((other) => meets(spec, other) && !reached.has(keyOf(other)))) {
      reached.add(keyOf(item))
      queue.push(...item.depends.map((text) => parseMatchSpec(text)))
    }
  }
  return reached
}

function close(items: readonly Item[], specs: readonly string[], environments: readonly (readonly string[])[]): ReadonlySet<string> | undefined {
  const parse = (texts: readonly string[]) => texts.map((text) => parseMatchSpec(text))
  const rows = rowsOf('linux-64', items.map(({ name, version }) => `${name} ${version}`), Object.fromEntries(items.map((item) => [`${keyOf(item)}.tar.bz2`, { depends: item.depends }])))
  try {
    const choice = { specs: parse(specs), environments: environments.map(parse), artifacts: [], virtualPackages: new Map() }
    return new Set(keptOf(rows, closeOver([rows], { choice, keep: new Map() }).keep))
  } catch (error) {
    if (isMirrorError(error, 'CLOSURE_UNSOLVABLE')) return undefined
    throw error
  }
}

test('closeOver() keeps all that any solution of any seed has, and nothing that pruning alone rules out', ({ expect }) => {
  fc.assert(fc.property(arbitraryItems, fc.array(arbitrarySpec, { minLength: 1, maxLength: 3 }), (items, seeds) => {
    const { wanted, solvable } = naive(items, seeds.map((seed) => [seed]))
    const kept = close(items, seeds, [])
    if (kept === undefined) {
      expect(solvable).toContain(false)
      return
    }
    expect([...wanted].filter((key) => !kept.has(key))).toEqual([])
    const most = fixpoint(items, seeds)
    expect([...kept].filter((key) => !most.has(key))).toEqual([])
  }), { numRuns: 150 })
})

test('closeOver() keeps all that any solution of any two seeds together has', ({ expect }) => {
  fc.assert(fc.property(arbitraryItems, arbitrarySpec, arbitrarySpec, (items, one, other) => {
    const { wanted } = naive(items, [[one, other]])
    const kept = close(items, [one, other], [])
    if (kept !== undefined) expect([...wanted].filter((key) => !kept.has(key))).toEqual([])
  }), { numRuns: 100 })
})

test('closeOver() keeps all that any solution of an environment has, and no more than for its seeds alone', ({ expect }) => {
  fc.assert(fc.property(arbitraryItems, fc.array(arbitrarySpec, { minLength: 1, maxLength: 3 }), (items, seeds) => {
    const { wanted, solvable } = naive(items, [seeds])
    const kept = close(items, [], [seeds])
    if (kept === undefined) {
      expect(solvable).toEqual([false])
      return
    }
    expect([...wanted].filter((key) => !kept.has(key))).toEqual([])
    const alone = close(items, seeds, [])
    if (alone !== undefined) expect([...kept].filter((key) => !alone.has(key))).toEqual([])
  }), { numRuns: 150 })
})

test('closeOver() keeps no more for seeds than for each of them alone, in any order', ({ expect }) => {
  fc.assert(fc.property(arbitraryItems, fc.array(arbitrarySpec, { minLength: 2, maxLength: 4 }), (items, seeds) => {
    const alone = seeds.map((seed) => close(items, [seed], []))
    const kept = close(items, seeds, [])
    expect(kept === undefined).toBe(alone.includes(undefined))
    if (kept === undefined) return
    const either = new Set(alone.flatMap((each) => [...each ?? []]))
    expect([...kept].filter((key) => !either.has(key))).toEqual([])
    expect(close(items, seeds.toReversed(), [])).toEqual(kept)
  }), { numRuns: 150 })
})
