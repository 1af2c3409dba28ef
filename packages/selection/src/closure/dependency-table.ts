import { isMirrorError, type MatchSpec, type MatchSpecField, parseMatchSpec, type StringPattern } from '@mirror/core'

/** A dependency of a record, or a seed: a match spec, each once. */
export interface Dependency {
  /** Counted from 0. */
  readonly id: number
  readonly text: string
  /** The one name that it can be met by, in lower case; undefined for a pattern of names and for what cannot be read. */
  readonly name: string | undefined
  /** Undefined for text that is no match spec: any record of the name may be meant. */
  readonly spec: MatchSpec | undefined
  readonly isVirtual: boolean
}

/** Match specs by their text. */
export interface DependencyTable {
  readonly intern: (text: string) => Dependency
  /** A seed under a text of its own. `spec` is taken as it is. */
  readonly add: (text: string, spec: MatchSpec) => Dependency
  readonly at: (id: number) => Dependency
  readonly count: () => number
}

// What another channel offers under a URL of its own cannot be judged here, and a mirror has another URL than what it mirrors.
const IGNORED: ReadonlySet<MatchSpecField> = new Set(['channel', 'url'])

/** Creates an empty table. Text that no client could read is taken for any record of the name that it begins with. */
export function createDependencyTable(): DependencyTable {
  const known = new Map<string, Dependency>()
  const all: Dependency[] = []
  function add(key: string, parts: Omit<Dependency, 'id'>): Dependency {
    const dependency = { id: all.length, ...parts }
    all.push(dependency)
    known.set(key, dependency)
    return dependency
  }
  return {
    intern: (text) => known.get(text) ?? add(text, readDependency(text)),
    add: (text, spec) => known.get(`seed ${text}`) ?? add(`seed ${text}`, describe(text, spec)),
    at: (id) => {
      const dependency = all[id]
      if (dependency === undefined) throw new RangeError(`There is no dependency ${id}`)
      return dependency
    },
    count: () => all.length,
  }
}

function readDependency(text: string): Omit<Dependency, 'id'> {
  const spec = readSpec(text)
  if (spec !== undefined) return describe(text, { ...spec, fields: new Map([...spec.fields].filter(([field]) => !IGNORED.has(field))) })
  const name = /^[a-z0-9_][a-z0-9_.-]*/.exec(text.trim().replace(/^.*::/, '').toLowerCase())?.[0]
  return { text, name, spec: undefined, isVirtual: name?.startsWith('__') === true }
}

function describe(text: string, spec: MatchSpec): Omit<Dependency, 'id'> {
  return { text, spec, name: exactName(spec.name), isVirtual: spec.name.text.startsWith('__') }
}

function exactName(pattern: StringPattern): string | undefined {
  return pattern.type === 'exact' ? pattern.text : undefined
}

function readSpec(text: string): MatchSpec | undefined {
  try {
    // Rattler reads >1.2.* as >=1.2 and conda as >1.2: what either may pick is kept.
    return parseMatchSpec(text.replace(/>(?=[^=,|]{1,255}\.\*)/g, '>='))
  } catch (error) {
    if (isMirrorError(error, 'MATCH_SPEC_INVALID')) return undefined
    throw error
  }
}
