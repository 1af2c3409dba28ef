import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { type ArtifactName, type ArtifactNameParts, splitArtifactName } from '@mirror/core'
import type { JsonRecord } from '../closure/json-rows.ts'
import { REAL_DATA, type SolverChannel } from './channels.ts'
import { createRandom, type Random } from './random.ts'

/** Names that a synthetic channel always has: half of the others need them. */
const CORE = new Set(['python', 'python_abi', 'libgcc-ng', 'libstdcxx-ng', 'numpy', 'openssl', 'zlib', 'pip', 'setuptools', 'ca-certificates', 'certifi', 'six'])

interface Listed extends ArtifactNameParts {
  readonly key: string
}

/** Real names, versions and builds of conda-forge, one name in `every`; the dependencies are made up, and depend on builds as real ones do. */
export function createSyntheticChannel(every: number): SolverChannel {
  const byName = readNames(every)
  const random = createRandom(every)
  const names = [...byName.keys()]
  let timestamp = 1_500_000_000_000
  const records = [...byName].flatMap(([name, listed], place) => listed.map((each) => makeRecord(each, { name, place, names, byName, random, timestamp: (timestamp += 60_000) })))
  const sections = (subdir: string) => ({ packages: Object.fromEntries(records.filter((record) => record.subdir === subdir).map((record) => [record.key, record.record])) })
  return { name: `synthetic, one name in ${every}`, platform: 'linux-64', indexes: new Map([['linux-64', sections('linux-64')], ['noarch', sections('noarch')]]) }
}

function readNames(every: number): ReadonlyMap<string, readonly (Listed & { readonly subdir: string })[]> {
  const text = zstdDecompressSync(readFileSync(join(REAL_DATA, 'names/conda-forge-artifacts-2020-2021.txt.zst'))).toString()
  const all = new Map<string, (Listed & { subdir: string })[]>()
  for (const line of text.split('\n')) {
    const [subdir = '', key = ''] = line.split('/')
    const parts = subdir === 'linux-64' || subdir === 'noarch' ? splitArtifactName(key as ArtifactName) : undefined
    if (parts === undefined) continue
    const list = all.get(parts.name) ?? []
    if (list.length === 0) all.set(parts.name, list)
    list.push({ ...parts, key, subdir })
  }
  return new Map([...all].filter(([name], place) => CORE.has(name) || place % every === 0))
}

interface Place {
  readonly name: string
  readonly place: number
  readonly names: readonly string[]
  readonly byName: ReadonlyMap<string, readonly Listed[]>
  readonly random: Random
  /** No two are the same: the solver breaks ties by it. */
  readonly timestamp: number
}

function makeRecord(listed: Listed & { readonly subdir: string }, place: Place): { readonly key: string; readonly subdir: string; readonly record: JsonRecord } {
  const { name, version, build, key, subdir } = listed
  const python = /^py(\d)(\d+)/.exec(build)
  const tied = CORE.has(name) && name.startsWith('python')
    ? []
    : python === null ? (subdir === 'noarch' ? ['python >=3.6'] : ['libgcc-ng >=7.5.0']) : pythonOf(python[1] ?? '', python[2] ?? '')
  const number = Number(/_(\d+)$/.exec(build)?.[1] ?? 0)
  return { key, subdir, record: { name, version, build, build_number: number, subdir, timestamp: place.timestamp, depends: CORE.has(name) ? tied : [...tied, ...others(place)] } }
}

function pythonOf(major: string, minor: string): readonly string[] {
  return [`python >=${major}.${minor},<${major}.${Number(minor) + 1}.0a0`, `python_abi ${major}.${minor}.* *_cp${major}${minor}*`]
}

/** Mostly names before this one, so that the whole is no single knot. */
function others({ place, names, byName, random }: Place): readonly string[] {
  return Array.from({ length: random.below(4) }, () => {
    const name = names[random.below(random.below(20) === 0 ? names.length : Math.max(1, place))] ?? 'python'
    const { version = '1' } = random.pick(byName.get(name) ?? []) ?? {}
    return random.pick([name, name, `${name} >=${version}`, `${name} ${version.split('.')[0] ?? '1'}.*`, `${name} <${version}`]) ?? name
  })
}
