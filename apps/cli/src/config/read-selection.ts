import { formatMatchSpec, isSubdirName, isVersion } from '@mirror/core'
import { type ArtifactFormat, type FormatChoice, isPythonVersion, type LatestChoice, type VirtualPackage } from '@mirror/selection'
import { findNearest } from './nearest.ts'
import { below, type FieldReaders, isMapping, listReader, mappingReader, parsedBy, type Reader, switchable, textReader } from './readers.ts'
import { readMatchSpec } from './read-match-spec.ts'
import type { ClosureValues, SelectionValues } from './selection-values.ts'
import { parseCount, parseDuration, parseMoment, parseSizeValue } from './units.ts'

const FORMATS: readonly ArtifactFormat[] = ['conda', 'tar.bz2']
const FORMATS_TAKEN = 'takes conda, tar.bz2, a list of them, or a mapping with "allow" and "prefer"'
const NAMES = 'takes names of packages, such as numpy'
const PYTHONS = 'takes versions of Python, such as 3.12'
const CLOSURE = 'takes match specs, or a mapping with "specs", "environments", "locks" and "virtual_packages"'
const LATEST = 'takes a whole number above 0, or a mapping with "versions" and "builds"'

const readName: Reader<string> = (value, fault) => {
  const name = textReader(NAMES)(value, fault)
  if (name === undefined || /^[\w.-]+$/.test(name) && !/\.(?:conda|tar\.bz2)$/.test(name)) return name
  return fault(`has ${JSON.stringify(name)}, which is not the name of a package; "exclude" and "include" take match specs`)
}

const readPython: Reader<string> = (value, fault) => {
  const text = textReader(PYTHONS)(value, fault)
  // 36 is meant for 3.6.
  if (text === undefined || (isPythonVersion(text) && Number.parseInt(text, 10) < 10)) return text
  const digits = /^(?:(?:c?py|python)[ =-]*)?(?<major>[23])\.?(?<minor>\d{1,2})/i.exec(text)?.groups
  return fault(`has ${JSON.stringify(text)}; it ${PYTHONS}${digits === undefined ? '' : `; the nearest is ${digits['major']}.${digits['minor']}`}`)
}

const readFormat: Reader<ArtifactFormat> = (value, fault) => {
  const text = typeof value === 'string' ? value.trim().replace(/^\./, '') : value
  const format = FORMATS.find((known) => known === text)
  if (format !== undefined) return format
  const nearest = typeof text === 'string' ? findNearest(text, FORMATS) : undefined
  return fault(nearest === undefined ? FORMATS_TAKEN : `has ${JSON.stringify(value)}; the nearest format is ${nearest}`)
}

interface FormatFields {
  readonly allow: readonly ArtifactFormat[]
  readonly prefer: ArtifactFormat
}

const readFormatMapping = mappingReader<FormatFields>({ allow: listReader(readFormat, String), prefer: readFormat }, FORMATS_TAKEN)

const readFormats: Reader<FormatChoice> = (value, fault) => {
  const read = isMapping(value) ? readFormatMapping(value, fault) : withAllow(listReader(readFormat, String)(value, fault))
  if (read === undefined) return undefined
  const { allow = FORMATS, prefer } = read
  if (allow.length === 0) return fault('allows no format, so nothing would be mirrored; "formats: false" allows all')
  if (prefer !== undefined && !allow.includes(prefer)) return fault(`prefers ${prefer}, which it does not allow`)
  return { allowed: FORMATS.filter((format) => allow.includes(format)), ...(prefer === undefined || allow.length === 1 ? {} : { prefer }) }
}

function withAllow(allow: readonly ArtifactFormat[] | undefined): Partial<FormatFields> | undefined {
  return allow === undefined ? undefined : { allow }
}

const readCount = parsedBy((value) => parseCount(value, 1), 'takes a whole number above 0')
const readLatestMapping = mappingReader<{ versions: number; builds: number }>({ versions: readCount, builds: readCount }, LATEST)

const readLatest: Reader<LatestChoice> = (value, fault) => {
  if (!isMapping(value)) return parsedBy((count) => asVersions(parseCount(count, 1)), LATEST)(value, fault)
  if ((value['versions'] ?? value['builds'] ?? undefined) === undefined) return fault(`says nothing: it ${LATEST}`)
  return readLatestMapping(value, fault)
}

function asVersions(versions: number | undefined): LatestChoice | undefined {
  return versions === undefined ? undefined : { versions }
}

const VIRTUAL = 'takes virtual packages, such as "__glibc=2.28" or "__cuda=12.4"'
const VIRTUAL_PARTS = /^(?<name>[a-z0-9_-]+)(?:\s*={1,2}\s*(?<version>[^\s=]+)(?:\s*=\s*(?<build>[^\s=]+))?)?$/

const readVirtualPackage: Reader<VirtualPackage> = (value, fault) => {
  const text = textReader(VIRTUAL)(value, fault)
  const parts = text === undefined ? undefined : VIRTUAL_PARTS.exec(text)?.groups
  if (text === undefined) return undefined
  if (parts === undefined) return fault(`has ${JSON.stringify(text)}; it ${VIRTUAL}`)
  const { name = '', version = '0', build = '0' } = parts
  if (!name.startsWith('__')) return fault(`has ${JSON.stringify(text)}; names of virtual packages begin with two underscores: ${JSON.stringify(`__${text.replace(/^_/, '')}`)}`)
  return isVersion(version) ? { name, version, build } : fault(`has ${JSON.stringify(text)}, of which ${JSON.stringify(version)} is no version`)
}

const readVirtualPackages: Reader<ReadonlyMap<string, readonly VirtualPackage[]>> = (value, fault) => {
  if (!isMapping(value)) return fault('takes a mapping of platforms to virtual packages, such as {linux-64: ["__glibc=2.28"]}')
  const found = new Map<string, readonly VirtualPackage[]>()
  for (const [platform, list] of Object.entries(value)) {
    const faultOf = below(fault, platform)
    if (!isSubdirName(platform) || platform === 'noarch') return faultOf('is not the name of a platform, such as linux-64')
    const packages = listReader(readVirtualPackage, ({ name }) => name)(list, faultOf)
    if (packages === undefined) return undefined
    found.set(platform, packages)
  }
  return found
}

const readSpecs = listReader(readMatchSpec, formatMatchSpec)
const readPaths = listReader(textReader('takes paths of files'), String)

// Below "closure" scalars are text.
const readWord = parsedBy((value) => (/^(?:true|yes|on)$/i.test(String(value)) ? true : /^(?:false|no|off)$/i.test(String(value)) ? false : undefined), 'takes true or false')

interface ClosureFields {
  readonly specs: ClosureValues['specs']
  readonly environments: readonly string[]
  readonly locks: readonly string[]
  readonly virtual_packages: ClosureValues['virtualPackages']
  readonly elsewhere: boolean
  readonly exact: boolean
}

const readClosureMapping = mappingReader<ClosureFields>(
  { specs: readSpecs, environments: readPaths, locks: readPaths, virtual_packages: readVirtualPackages, elsewhere: readWord, exact: readWord },
  CLOSURE,
)

const readClosure: Reader<ClosureValues> = (value, fault) => {
  const read = isMapping(value) ? readClosureMapping(value, fault) : withSpecs(readSpecs(value, fault))
  if (read === undefined) return undefined
  const { specs = [], environments = [], locks = [], virtual_packages: virtualPackages = new Map<string, readonly VirtualPackage[]>(), elsewhere, exact } = read
  if (specs.length + environments.length + locks.length === 0) return fault('names nothing to start from, so nothing would be mirrored; "closure: false" switches it off')
  return { specs, environments, locks, virtualPackages, elsewhere, exact }
}

function withSpecs(specs: ClosureValues['specs'] | undefined): Partial<ClosureFields> | undefined {
  return specs === undefined ? undefined : { specs }
}

const readNames = listReader(readName, String)
const MOMENT = 'takes a date such as 2024-01-31, or an age such as 90d'

/** The keys that the mappings below a key of the selection have, by that key. */
export const SELECTION_NESTED_KEYS: Readonly<Record<string, readonly string[]>> = {
  formats: readFormatMapping.keys, latest: readLatestMapping.keys, closure: readClosureMapping.keys,
}

/** How each key of the selection is read. */
export const SELECTION_READERS: FieldReaders<SelectionValues> = {
  pkg_list: readNames,
  license_blacklist: listReader(textReader('takes families of licences, such as GPL'), (family) => family.toLowerCase()),
  blacklist: readNames,
  whitelist: readNames,
  exclude: readSpecs,
  include: readSpecs,
  python_versions: listReader(readPython, String),
  maximum_size: switchable(parsedBy((value) => parseSizeValue(value) || undefined, 'takes a size above 0, such as 500MB')),
  newer_than: switchable(parsedBy(parseMoment, MOMENT)),
  older_than: switchable(parsedBy(parseMoment, MOMENT)),
  minimum_age: switchable(parsedBy((value) => (value === 0 ? undefined : parseDuration(value) || undefined), 'takes a duration above 0, such as 7d')),
  undated: parsedBy((value) => (['keep', 'drop'] as const).find((known) => known === value), 'takes keep or drop'),
  formats: switchable(readFormats),
  latest: switchable(readLatest),
  closure: switchable(readClosure),
}
