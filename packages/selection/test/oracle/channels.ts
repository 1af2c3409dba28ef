import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { JsonIndex, JsonRecord } from '../closure/json-rows.ts'

/** A channel for the solver: one platform and noarch. */
export interface SolverChannel {
  readonly name: string
  readonly platform: string
  readonly indexes: ReadonlyMap<string, JsonIndex>
}

/** Where real channels are; a test that needs them is skipped where the folder is absent. */
export const REAL_DATA: string = process.env['MIRROR_TEST_DATA'] ?? fileURLToPath(new URL('../../../../../shared/data', import.meta.url))

/** True where real channels are. */
export const HAS_REAL_DATA: boolean = existsSync(join(REAL_DATA, 'repodata/conda-subchannel-demo'))

function readIndex(path: string): JsonIndex {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as JsonIndex) : {}
}

function fromFolder(folder: string, platform: string): SolverChannel {
  const read = (subdir: string): [string, JsonIndex] => [subdir, readIndex(join(REAL_DATA, folder, subdir, 'repodata.json'))]
  return { name: `${folder} ${platform}`, platform, indexes: new Map([read('noarch'), ...(platform === 'noarch' ? [] : [read(platform)])]) }
}

/** A bare map of records, as conda's own tests have it: without virtual packages, everything for one platform. */
function fromRecordMap(file: string): SolverChannel {
  const records = JSON.parse(readFileSync(join(REAL_DATA, file), 'utf8')) as Record<string, JsonRecord>
  const sound = Object.entries(records).filter(([key, record]) => /\.(?:tar\.bz2|conda)$/.test(key) && typeof record['name'] === 'string')
  const whole = sound.map(([key, record]): [string, JsonRecord] => [key, { ...record, depends: record['depends'] ?? [], subdir: 'linux-64' }])
  const packages = Object.fromEntries(whole.filter(([key]) => key.endsWith('.tar.bz2')))
  const conda = Object.fromEntries(whole.filter(([key]) => key.endsWith('.conda')))
  return { name: file, platform: 'linux-64', indexes: new Map([['linux-64', { packages, 'packages.conda': conda }], ['noarch', {}]]) }
}

function listRecordMaps(folder: string): readonly string[] {
  return readdirSync(join(REAL_DATA, folder)).filter((name) => name.endsWith('.json')).map((name) => `${folder}/${name}`)
}

const FOLDERS = [
  ...['linux-64', 'osx-64', 'osx-arm64', 'win-64', 'linux-aarch64', 'linux-ppc64le'].map((platform) => ['repodata/conda-subchannel-demo', platform] as const),
  ['channels/rattler/pytorch', 'linux-64'],
  ['channels/rattler/dummy', 'linux-64'],
  ['channels/rattler/conditional-repodata', 'noarch'],
  ['channels/rattler/dummy-optional-dependencies', 'noarch'],
  ['channels/ref-conda-index', 'linux-64'],
  ['channels/ref-conda-index', 'osx-64'],
] as const

/** Real channels that a solver can do something with, by name; all of them where none are named. */
export function readChannels(...wanted: readonly string[]): readonly SolverChannel[] {
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name)
  const folders = FOLDERS.filter(([folder, platform]) => isWanted(`${folder} ${platform}`)).map(([folder, platform]) => fromFolder(folder, platform))
  return [...folders, ...listRecordMaps('repodata/conda-tests').filter(isWanted).map(fromRecordMap)]
}
