import { packTexts } from './packed-texts.ts'
import type { SubdirColumns } from './subdir-columns.ts'

/** Notes which names depend on which. */
export interface Needs {
  /** `depends` is JSON as the record has it, if it has it. */
  readonly add: (name: number, depends: string | undefined) => void
  /** `ranks` says by number of a name where it comes. */
  readonly finish: (ranks: Uint32Array) => Pick<SubdirColumns, 'needed' | 'neededEnds' | 'needing'>
}

/** Creates notes. Neighbours mostly depend on the same, word for word: these are read once. */
export function createNeeds(): Needs {
  const byNeeded = new Map<string, Set<number>>()
  const firstWords = new Map<string, string>()
  let lastName = -1
  let lastDepends: string | undefined

  function nameOf(spec: string): string {
    const known = firstWords.get(spec)
    if (known !== undefined) return known
    const name = nameOfSpec(spec)
    if (firstWords.size >= MOST_SPECS) firstWords.clear()
    firstWords.set(spec, name)
    return name
  }

  return {
    add(name, depends) {
      if (depends === undefined || (name === lastName && depends === lastDepends)) return
      lastName = name
      lastDepends = depends
      for (const spec of parseList(depends)) {
        const needed = nameOf(spec)
        const known = byNeeded.get(needed)
        if (known === undefined) byNeeded.set(needed, new Set([name]))
        else known.add(name)
      }
    },
    finish(ranks) {
      byNeeded.delete('')
      const all = [...byNeeded].map(([text, names]) => ({ text, names, bytes: Buffer.from(text) })).toSorted((left, right) => Buffer.compare(left.bytes, right.bytes))
      const needing = new Uint32Array(all.reduce((sum, { names }) => sum + names.size, 0))
      const neededEnds = new Uint32Array(all.length)
      let end = 0
      for (const [at, { names }] of all.entries()) {
        const sorted = Uint32Array.from(names, (name) => ranks[name] ?? 0).sort()
        needing.set(sorted, end)
        end += sorted.length
        neededEnds[at] = end
      }
      return { needed: packTexts(all.map(({ text }) => text)), neededEnds, needing }
    },
  }
}

const MOST_SPECS = 200_000

function parseList(raw: string): readonly string[] {
  const value: unknown = JSON.parse(raw)
  return Array.isArray(value) ? value.filter((spec) => typeof spec === 'string') : []
}

/** The name in a match spec (CEP 29), without channel, in lower case; empty for a spec of no name. */
export function nameOfSpec(spec: string): string {
  const text = spec.trim().replace(/^\S*::/, '')
  return (/^[^\s=<>!~[;,|(@]+/.exec(text)?.[0] ?? '').toLowerCase()
}
