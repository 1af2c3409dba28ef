import { createGrowingColumn } from './growing-column.ts'
import { packTexts } from './packed-texts.ts'
import type { SubdirColumns } from './subdir-columns.ts'

/** Notes which names depend on which. */
export interface Needs {
  /** `depends` is JSON as the record has it, if it has it. */
  readonly add: (name: number, depends: string | undefined) => void
  /** `ranks` says by number of a name where it comes. */
  readonly finish: (ranks: Uint32Array) => Pick<SubdirColumns, 'needed' | 'neededEnds' | 'needing'>
}

const words = (cells: number): Uint32Array<ArrayBuffer> => new Uint32Array(cells)

/** Creates notes. Neighbours mostly depend on the same, word for word: these are read once. */
export function createNeeds(): Needs {
  const numbers = new Map<string, number>()
  /** By number of a needed name the last one that was noted for it, plus 1. */
  const lastNeeding: number[] = []
  const needed = createGrowingColumn(words)
  const needing = createGrowingColumn(words)
  let pairs = 0
  let lastName = -1
  let lastDepends: string | undefined

  function note(name: number, text: string): void {
    const number = numbers.get(text) ?? numbers.size
    if (number === numbers.size) numbers.set(text, number)
    if (lastNeeding[number] === name + 1) return
    lastNeeding[number] = name + 1
    needed.push(number)
    needing.push(name)
    pairs += 1
  }

  return {
    add(name, depends) {
      if (depends === undefined || (name === lastName && depends === lastDepends)) return
      lastName = name
      lastDepends = depends
      for (const text of namesOf(depends)) if (text !== '') note(name, text)
    },
    finish(ranks) {
      const texts = [...numbers.keys()].map((text, number) => ({ text, number, bytes: Buffer.from(text) })).toSorted((left, right) => Buffer.compare(left.bytes, right.bytes))
      const places = new Uint32Array(texts.length)
      for (const [place, { number }] of texts.entries()) places[number] = place
      const sorted = sortPairs(pairs, (at) => (places[needed.at(at)] ?? 0) * 2 ** 26 + (ranks[needing.at(at)] ?? 0))
      return { needed: packTexts(texts.map(({ text }) => text)), ...splitPairs(sorted, texts.length) }
    },
  }
}

/** Pairs as one number each, sorted, each once. */
function sortPairs(count: number, pairAt: (at: number) => number): Float64Array {
  const pairs = new Float64Array(count)
  for (let at = 0; at < count; at += 1) pairs[at] = pairAt(at)
  pairs.sort()
  let kept = 0
  for (let at = 0; at < count; at += 1) {
    if (at > 0 && pairs[at] === pairs[at - 1]) continue
    pairs[kept] = pairs[at] ?? 0
    kept += 1
  }
  return pairs.subarray(0, kept)
}

function splitPairs(pairs: Float64Array, texts: number): Pick<SubdirColumns, 'neededEnds' | 'needing'> {
  const neededEnds = new Uint32Array(texts)
  const needing = new Uint32Array(pairs.length)
  let place = 0
  for (const [at, pair] of pairs.entries()) {
    const of = Math.floor(pair / 2 ** 26)
    for (; place < of; place += 1) neededEnds[place] = at
    needing[at] = pair % 2 ** 26
  }
  return { neededEnds: neededEnds.fill(pairs.length, place), needing }
}

/** The names that a list of match specs in JSON is about. */
function namesOf(raw: string): readonly string[] {
  if (!raw.includes('\\')) return [...raw.matchAll(/"([^"]*)"/g)].map(([, spec = '']) => nameOfSpec(spec))
  const value: unknown = JSON.parse(raw)
  return Array.isArray(value) ? value.filter((spec) => typeof spec === 'string').map(nameOfSpec) : []
}

const PLAIN = /^[a-z0-9._-]+(?=$| )/

/** The name in a match spec (CEP 29), without channel, in lower case; empty for a spec of no name. */
export function nameOfSpec(spec: string): string {
  const plain = PLAIN.exec(spec)?.[0]
  if (plain !== undefined) return plain
  const text = spec.trim().replace(/^\S*::/, '')
  return (/^[^\s=<>!~[;,|(@]+/.exec(text)?.[0] ?? '').toLowerCase()
}
