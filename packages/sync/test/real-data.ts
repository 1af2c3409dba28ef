import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where real channels lie; tests that need them are skipped by name where they do not. */
export const DATA: string = resolve(process.env['MIRROR_TEST_DATA'] ?? join(import.meta.dirname, '../../../../shared/data'))

/** A record as far as these tests look at it. */
export interface RealRecord {
  readonly name?: string
  readonly sha256?: string
  readonly md5?: string
  readonly size?: number
}

/** An index, parsed whole: the other way of reading it than the one that is tested. */
export interface RealIndex {
  readonly packages?: Readonly<Record<string, RealRecord>>
  readonly 'packages.conda'?: Readonly<Record<string, RealRecord>>
  readonly v3?: Readonly<Record<string, Readonly<Record<string, RealRecord>>>>
}

/** A real channel on disk. */
export interface RealChannel {
  /** Its folder, relative to that of all channels. */
  readonly name: string
  readonly folder: string
  readonly subdirs: readonly string[]
  /** How many artifacts its indexes list. */
  readonly listed: number
  /** Names of the packages that are listed. */
  readonly packages: readonly string[]
  /** Why it cannot be mirrored whole, a line each; empty for a complete channel. */
  readonly faults: readonly string[]
}

/** File name → record of all sections of an index. */
export function recordsOf(index: RealIndex): Map<string, RealRecord> {
  const records = new Map<string, RealRecord>([...Object.entries(index.packages ?? {}), ...Object.entries(index['packages.conda'] ?? {})])
  for (const [extension, section] of Object.entries(index.v3 ?? {})) {
    for (const [key, record] of Object.entries(section)) records.set(`${key}.${extension}`, record)
  }
  return records
}

/** Every channel under the real data: a folder with folders that hold a `repodata.json`. None where there is no data. */
export function findRealChannels(): readonly RealChannel[] {
  const all = join(DATA, 'channels')
  return existsSync(all) ? findChannels(all, '').toSorted((left, right) => (left.name < right.name ? -1 : 1)) : []
}

function findChannels(all: string, name: string): RealChannel[] {
  const folder = join(all, name)
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const subdirs = folders.filter((subdir) => existsSync(join(folder, subdir, 'repodata.json'))).toSorted()
  const inner = folders.filter((subdir) => !subdirs.includes(subdir)).flatMap((subdir) => findChannels(all, join(name, subdir)))
  return subdirs.length > 0 ? [describeChannel(folder, name), ...inner] : inner
}

/** Looks at a channel: what it lists, and whether all of it is there. */
export function describeChannel(folder: string, name: string): RealChannel {
  const subdirs = readdirSync(folder).filter((subdir) => existsSync(join(folder, subdir, 'repodata.json'))).toSorted()
  const faults: string[] = []
  const packages = new Set<string>()
  let listed = 0
  for (const subdir of subdirs) {
    const records = readRecords(join(folder, subdir, 'repodata.json'))
    if (typeof records === 'string') {
      faults.push(`${subdir}/repodata.json: ${records}`)
      continue
    }
    listed += records.size
    for (const [file, record] of records) {
      packages.add(record.name ?? '')
      const fault = checkFile(join(folder, subdir, file), record)
      if (fault !== undefined) faults.push(`${subdir}/${file}: ${fault}`)
    }
  }
  return { name, folder, subdirs, listed, packages: [...packages].toSorted(), faults }
}

function readRecords(path: string): Map<string, RealRecord> | string {
  try {
    const index = JSON.parse(readFileSync(path, 'utf8')) as RealIndex
    return recordsOf(index)
  } catch (error) {
    return String(error)
  }
}

function checkFile(path: string, { size, sha256, md5 }: RealRecord): string | undefined {
  if (!existsSync(path)) return 'missing'
  const bytes = readFileSync(path)
  if (size !== undefined && size !== bytes.length) return `${bytes.length} bytes, listed as ${size}`
  if (sha256 !== undefined && createHash('sha256').update(bytes).digest('hex') !== sha256) return 'wrong sha256'
  if (md5 !== undefined && createHash('md5').update(bytes).digest('hex') !== md5) return 'wrong md5'
  return sha256 === undefined && md5 === undefined ? 'neither sha256 nor md5' : undefined
}
