import type { MatchSpec } from '@mirror/core'
import { readSeedSpec } from './seed-specs.ts'
import { quoteText } from './seeds-invalid.ts'
import { isMapping, type YamlFile } from './yaml-file.ts'

/** What an environment file asks for. */
export interface EnvironmentSeeds {
  readonly specs: readonly MatchSpec[]
  readonly notes: readonly string[]
}

/** Reads `dependencies` of an environment file. What `pip` is to install is noted and left alone; `channels` and all else is read over. */
export function readEnvironmentFile(file: YamlFile, dependencies: unknown): EnvironmentSeeds {
  if (!Array.isArray(dependencies)) throw file.fault(['dependencies'], { reason: 'dependencies is no list', hint: 'Write each dependency in a line of its own: - numpy >=1.26' })
  const specs: MatchSpec[] = []
  const notes: string[] = []
  for (const [at, item] of dependencies.entries()) {
    if (isMapping(item)) notes.push(...describeOthers(item))
    else specs.push(readItem(file, item, at))
  }
  return { specs, notes }
}

function readItem(file: YamlFile, item: unknown, at: number): MatchSpec {
  const path = ['dependencies', at]
  if (typeof item !== 'string') throw file.fault(path, { reason: `${quoteText(item)} is no text`, hint: 'Put it in quotes.' })
  const spec = readSeedSpec(item)
  if (typeof spec !== 'string') return spec
  throw file.fault(path, { reason: `${quoteText(item)} is no match spec: ${spec}`, hint: 'Write it as conda does: name, name=1.2 or name >=1.2,<2.' })
}

function describeOthers(item: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(item).map(([key, value]) => `${Array.isArray(value) ? value.length : 1} dependencies of ${quoteText(key)} are no conda artifacts and are left alone`)
}
