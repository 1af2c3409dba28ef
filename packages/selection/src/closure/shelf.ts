import { findVersion, type SubdirName, type Version } from '@mirror/core'
import type { RecordRows } from '../selectable-index.ts'
import type { Dependency, DependencyTable } from './dependency-table.ts'

/** What a closure needs to know of a record. Fits `MatchableRecord` as far as name, version and build go. */
export interface Facts {
  readonly name: string
  readonly version: Version | string
  readonly build: string
  readonly build_number: string
  /** All of these must be met. */
  readonly needs: readonly Dependency[]
  /** These only under their condition (CEP 43). */
  readonly conditional: readonly Dependency[]
  /** These only where a spec asks for the group (CEP 44). */
  readonly groups: ReadonlyMap<string, readonly Dependency[]> | undefined
}

/** The records of one subdir of one channel. */
export interface Shelf {
  readonly subdir: SubdirName
  readonly rows: RecordRows
  /** False for another channel's: its records are looked at and not kept. */
  readonly isOwn: boolean
  /** False for what the rules before left out. */
  readonly isThere: (row: number) => boolean
  readonly factsAt: (row: number) => Facts
  /** Names as the records have them that are this one in lower case. */
  readonly spellingsOf: (name: string) => readonly string[]
  readonly names: () => readonly string[]
  /** Lets go of what was parsed; it is parsed again when it is asked for. */
  readonly forget: () => void
}

/** What makes a shelf. */
export interface ShelfSource {
  readonly rows: RecordRows
  readonly keep: Uint8Array | undefined
  readonly isOwn: boolean
}

/** Records are parsed when they are asked for, each once. */
export function createShelf({ rows, keep, isOwn }: ShelfSource, dependencies: DependencyTable): Shelf {
  const facts: (Facts | undefined)[] = []
  const versions = new Map<string, Version | string>()
  const names = [...new Set(rows.names())]
  const capitals = Map.groupBy(names.filter((name) => name !== name.toLowerCase()), (name) => name.toLowerCase())
  return {
    subdir: rows.subdir,
    rows,
    isOwn,
    isThere: (row) => keep === undefined || keep[row] !== 0,
    factsAt: (row) => (facts[row] ??= readFacts(rows.recordAt(row), { name: rows.nameAt(row), versions, dependencies })),
    spellingsOf: (name) => [name, ...(capitals.get(name) ?? [])],
    names: () => names,
    forget: () => {
      facts.length = 0
    },
  }
}

interface Context {
  readonly name: string
  readonly versions: Map<string, Version | string>
  readonly dependencies: DependencyTable
}

function readFacts(record: Readonly<Record<string, unknown>>, { name, versions, dependencies }: Context): Facts {
  const all = readDependencies(record['depends'], dependencies)
  return {
    name,
    version: readVersion(textOf(record['version']), versions),
    build: textOf(record['build']),
    build_number: textOf(record['build_number']),
    needs: all.some(isConditional) ? all.filter((dependency) => !isConditional(dependency)) : all,
    conditional: all.filter(isConditional),
    groups: readGroups(record['extra_depends'], dependencies),
  }
}

function isConditional({ spec }: Dependency): boolean {
  return spec?.when !== undefined
}

function readDependencies(value: unknown, dependencies: DependencyTable): readonly Dependency[] {
  if (!Array.isArray(value)) return []
  const found: Dependency[] = []
  for (const text of value) if (typeof text === 'string' && text.trim() !== '') found.push(dependencies.intern(text))
  return found
}

function readGroups(value: unknown, dependencies: DependencyTable): Facts['groups'] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return new Map(Object.entries(value).map(([group, items]) => [group, readDependencies(items, dependencies)]))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/** The same object for the same text, so that it is compared once. */
function readVersion(text: string, versions: Map<string, Version | string>): Version | string {
  const known = versions.get(text)
  if (known !== undefined) return known
  const version = findVersion(text) ?? text
  versions.set(text, version)
  return version
}
