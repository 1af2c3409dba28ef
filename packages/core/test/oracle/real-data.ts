import { existsSync, globSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

/** Where real channels lie; tests that need them are skipped where they do not. */
export const DATA: string = resolve(process.env['MIRROR_TEST_DATA'] ?? join(import.meta.dirname, '../../../../../shared/data'))

/** False where no real data is at hand. */
export const hasData: boolean = existsSync(join(DATA, 'names')) && existsSync(join(DATA, 'repodata'))

/** A record as far as the oracles need it. */
export interface RealRecord {
  readonly name: string
  readonly version: string
  readonly build: string
  readonly build_number: number
}

/** The records of one index, and the specs that its records name. */
export interface RealIndex {
  readonly records: ReadonlyMap<string, readonly RealRecord[]>
  readonly specs: ReadonlySet<string>
}

/** All versions that the list of real file names has. */
export function readVersions(): readonly string[] {
  const file = join(DATA, 'names/conda-forge-artifacts-2020-2021.txt.zst')
  const versions = new Set<string>()
  for (const line of zstdDecompressSync(readFileSync(file)).toString().split('\n')) {
    const version = line.split('-').at(-2)
    if (version !== undefined && line.split('/').at(-1)?.includes('-') === true) versions.add(version)
  }
  return [...versions]
}

/** The indexes of real channels, one a channel with noarch, by the folder of the channel. */
export function readIndexes(): readonly RealIndex[] {
  const files = globSync(['repodata/**/*.json', 'channels/**/repodata.json'], { cwd: DATA }).toSorted()
  const channels = Map.groupBy(files, (file) => file.split('/').slice(0, -2).join('/'))
  return [...channels.values()].map((paths) => readChannel(paths.map((path) => join(DATA, path))))
}

function readChannel(paths: readonly string[]): RealIndex {
  const records = new Map<string, RealRecord[]>()
  const specs = new Set<string>()
  for (const value of paths.flatMap(readRecords)) {
    const record = toRecord(value)
    if (record === undefined) continue
    records.set(record.name, [...(records.get(record.name) ?? []), record])
    for (const spec of [...strings(value['depends']), ...strings(value['constrains'])]) specs.add(spec)
  }
  return { records, specs }
}

function readRecords(path: string): readonly Record<string, unknown>[] {
  let document: unknown
  try {
    document = JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return []
  }
  if (!isObject(document)) return []
  const isBare = !('packages' in document) && !('packages.conda' in document)
  const maps = isBare ? [document] : [document['packages'], document['packages.conda']]
  return maps.flatMap((map) => (isObject(map) ? Object.values(map) : [])).filter(isObject)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function toRecord(value: Record<string, unknown>): RealRecord | undefined {
  const { name, version, build, build_number } = value
  const isRecord = typeof name === 'string' && typeof version === 'string' && typeof build === 'string' && typeof build_number === 'number'
  return isRecord ? { name, version, build, build_number } : undefined
}
