// Which records are kept, written down once more and plainly from the documented rules: whole documents through JSON.parse, objects in arrays, nothing of the sources.

/** A selection as people would write it: match specs as text, of a small part of their grammar. */
export interface PlainSelection {
  readonly packages?: readonly string[]
  readonly licenseBlacklist?: readonly string[]
  readonly blacklist?: readonly string[]
  readonly whitelist?: readonly string[]
  readonly exclude?: readonly string[]
  readonly include?: readonly string[]
  readonly pythonVersions?: readonly string[]
  readonly maximumSize?: number
  readonly newerThan?: number
  readonly maximumAge?: number
  readonly olderThan?: number
  readonly minimumAge?: number
  readonly undated?: 'keep' | 'drop'
  readonly formats?: { readonly allowed: readonly ('conda' | 'tar.bz2')[]; readonly prefer?: 'conda' | 'tar.bz2' }
  readonly latest?: { readonly versions?: number; readonly builds?: number }
}

export type PlainRecord = Readonly<Record<string, unknown>>

export interface PlainOptions {
  readonly now: number
  /** True for a record that the blacklist of licences leaves out. */
  readonly isLicenceOut?: (record: PlainRecord, blacklist: readonly string[]) => boolean
  /** True for a record that can run on one of the Pythons. */
  readonly runsOn?: (record: PlainRecord, versions: readonly string[]) => boolean
}

interface Entry {
  readonly subdir: string
  readonly file: string
  readonly record: PlainRecord
  readonly name: string
  readonly version: string | undefined
}

const ENDINGS = ['.conda', '.tar.bz2', '.whl']

/** For each subdir whether its records are kept, in the order of the document: `packages`, `packages.conda` and `v3` as they come. */
export function selectPlainly(documents: ReadonlyMap<string, string>, selection: PlainSelection, options: PlainOptions): ReadonlyMap<string, readonly boolean[]> {
  const all = new Map([...documents].map(([subdir, text]) => [subdir, readEntries(subdir, text)]))
  return new Map([...all].map(([subdir, entries]) => {
    const kept = new Set(selectEntries(entries, selection, options))
    return [subdir, entries.map((entry) => kept.has(entry))]
  }))
}

function readEntries(subdir: string, text: string): Entry[] {
  const document = JSON.parse(text) as Record<string, Record<string, PlainRecord>>
  return Object.entries(document).flatMap(([key, section]) => {
    if (key === 'packages' || key === 'packages.conda') return Object.entries(section).map(([file, record]) => readEntry(subdir, file, record))
    if (key !== 'v3') return []
    return Object.entries(section).flatMap(([extension, records]) => Object.entries(records).map(([stem, record]) => readEntry(subdir, `${stem}.${extension}`, record as PlainRecord)))
  })
}

function readEntry(subdir: string, file: string, record: PlainRecord): Entry {
  return { subdir, file, record, name: textOf(record['name']) ?? nameOfFile(file), version: textOf(record['version']) }
}

function nameOfFile(file: string): string {
  const ending = ENDINGS.find((each) => file.endsWith(each))
  const match = /^([a-z0-9_][\w.+!-]*)-([^-]+)-([^-]+)$/i.exec(file.slice(0, file.length - (ending ?? '').length))
  return ending === undefined || match === null ? file : (match[1] ?? file)
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined)
const lower = (texts: readonly string[]): string[] => texts.map((text) => text.toLowerCase())
const some = <T>(list: readonly T[] | undefined): list is readonly T[] => list !== undefined && list.length > 0

/** The documented order, each rule on what the ones before it left. */
function selectEntries(entries: readonly Entry[], selection: PlainSelection, options: PlainOptions): readonly Entry[] {
  let kept = [...entries]
  const { packages, licenseBlacklist, blacklist, whitelist, exclude, include, pythonVersions, maximumSize } = selection
  if (some(packages)) kept = kept.filter(({ name }) => lower(packages).includes(name.toLowerCase()))
  const listed = kept
  if (some(licenseBlacklist)) kept = kept.filter(({ record }) => options.isLicenceOut?.(record, licenseBlacklist) !== true)
  if (some(blacklist)) kept = kept.filter(({ name }) => !lower(blacklist).includes(name.toLowerCase()))
  if (some(whitelist)) kept = listed.filter((entry) => kept.includes(entry) || lower(whitelist).includes(entry.name.toLowerCase()))
  if (some(exclude)) kept = kept.filter((entry) => !exclude.some((spec) => matches(spec, entry)) || (include ?? []).some((spec) => matches(spec, entry)))
  else if (some(include)) kept = kept.filter((entry) => include.some((spec) => matches(spec, entry)))
  if (some(pythonVersions)) kept = kept.filter(({ record }) => options.runsOn?.(record, pythonVersions) !== false)
  if (maximumSize !== undefined) kept = kept.filter(({ record }) => !((sizeOf(record) ?? 0) > maximumSize))
  kept = kept.filter(({ record }) => isInTime(record, selection, options.now))
  kept = selectFormats(kept, selection)
  return selectLatest(kept, selection)
}

function sizeOf(record: PlainRecord): number | undefined {
  const size = numberOf(record['size'])
  return size !== undefined && size >= 0 && Number.isInteger(size) ? size : undefined
}

function timeOf(record: PlainRecord): number | undefined {
  for (const field of ['indexed_timestamp', 'timestamp']) {
    const value = numberOf(record[field])
    if (value === undefined || value <= 0) continue
    const time = value > 253_402_300_799 ? value : value * 1000
    if (time <= 8.64e15) return time
  }
  return undefined
}

function isInTime(record: PlainRecord, { newerThan, maximumAge, olderThan, minimumAge, undated }: PlainSelection, now: number): boolean {
  if ([newerThan, maximumAge, olderThan, minimumAge].every((limit) => limit === undefined)) return true
  const time = timeOf(record)
  if (time === undefined) return undated !== 'drop'
  if (newerThan !== undefined && time < newerThan) return false
  if (maximumAge !== undefined && now - time > maximumAge) return false
  if (olderThan !== undefined && time >= olderThan) return false
  return minimumAge === undefined || now - time >= minimumAge
}

const formatOf = ({ file }: Entry): string => (file.endsWith('.conda') ? 'conda' : file.endsWith('.tar.bz2') ? 'tar.bz2' : '')

function selectFormats(entries: readonly Entry[], { formats }: PlainSelection): Entry[] {
  if (formats === undefined) return [...entries]
  const allowed: readonly string[] = formats.allowed
  const left = entries.filter((entry) => formatOf(entry) === '' || allowed.length === 0 || allowed.includes(formatOf(entry)))
  const { prefer } = formats
  if (prefer === undefined) return left
  const isTwin = (one: Entry, other: Entry): boolean =>
    one.name === other.name && (one.version ?? '') === (other.version ?? '') && (textOf(one.record['build']) ?? '') === (textOf(other.record['build']) ?? '')
  return left.filter((entry) => formatOf(entry) === '' || formatOf(entry) === prefer || !left.some((other) => formatOf(other) === prefer && isTwin(entry, other)))
}

function selectLatest(entries: readonly Entry[], { latest }: PlainSelection): Entry[] {
  if (latest === undefined) return [...entries]
  return [...Map.groupBy(entries, ({ name }) => name).values()].flatMap((named) => {
    const versions = classes(named, (left, right) => compareVersionTexts(left.version ?? '', right.version ?? ''))
    return versions.slice(0, latest.versions ?? versions.length).flatMap((same) => {
      const builds = classes(same, (left, right) => buildNumberOf(left) - buildNumberOf(right))
      return builds.slice(0, latest.builds ?? builds.length).flat()
    })
  })
}

const buildNumberOf = ({ record }: Entry): number => numberOf(record['build_number']) ?? 0

/** Entries that are equal, the greatest first. */
function classes(entries: readonly Entry[], compare: (left: Entry, right: Entry) => number): Entry[][] {
  const found: Entry[][] = []
  for (const entry of entries.toSorted((left, right) => compare(right, left))) {
    const last = found.at(-1)
    if (last?.[0] !== undefined && compare(last[0], entry) === 0) last.push(entry)
    else found.push([entry])
  }
  return found
}

/** What is no version comes before all that are, by its text. */
export function compareVersionTexts(left: string, right: string): number {
  const one = readVersion(left)
  const other = readVersion(right)
  if (one === undefined || other === undefined) return Number(one !== undefined) - Number(other !== undefined) || (left < right ? -1 : Number(left > right))
  const compareSegments = (a: readonly Run[] = [], b: readonly Run[] = []): number => compareLists(a, b, (x, y) => compareRuns(x ?? 0, y ?? 0))
  return compareLists(one[0], other[0], compareSegments) || compareLists(one[1], other[1], compareSegments)
}

/** By the first difference; what is missing is undefined. */
function compareLists<T>(left: readonly T[], right: readonly T[], compare: (one: T | undefined, other: T | undefined) => number): number {
  const orders = Array.from({ length: Math.max(left.length, right.length) }, (_, at) => compare(left[at], right[at]))
  return orders.find((order) => order !== 0) ?? 0
}

type Run = string | number

/** The epoch and the release, and what is local, each as segments of runs; the documented order of conda. */
function readVersion(text: string): readonly [readonly Run[][], readonly Run[][]] | undefined {
  const match = /^(?:(\d+)!)?([a-z0-9_.-]+?)(?:\+([a-z0-9_.-]+))?$/i.exec(text)
  if (match === null) return undefined
  const segments = (part: string): Run[][] | undefined => {
    const pieces = part.toLowerCase().replaceAll('-', '_').split(/[._]/)
    return pieces.includes('') ? undefined : pieces.map(readRuns)
  }
  const release = segments(match[2] ?? '')
  const local = match[3] === undefined ? [] : segments(match[3])
  return release === undefined || local === undefined ? undefined : [[[Number(match[1] ?? 0)], ...release], local]
}

function readRuns(piece: string): Run[] {
  const runs = (piece.match(/\d+|\D+/g) ?? []).map((run): Run => (/\d/.test(run) ? Number(run) : run === 'post' ? Infinity : run === 'dev' ? ' ' : run))
  return /^\d/.test(piece) ? runs : [0, ...runs]
}

function compareRuns(left: Run, right: Run): number {
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : Number(left > right)
  if (typeof left === 'number' && typeof right === 'number') return left < right ? -1 : Number(left > right)
  return typeof left === 'string' ? -1 : 1
}

/** `name`, `name >=1,<2`, `name 1.2.*`, `name ==1.0`, each with `[key=pattern,…]`; `*` in names and patterns. */
export function matches(spec: string, { name, version, record, subdir, file }: Entry): boolean {
  const match = /^([^\s[]+)(?:\s+([^[]+?))?(?:\[(.*)\])?$/.exec(spec)
  if (match === null) throw new Error(`not so plain: ${spec}`)
  const [, wanted = '', versions, keys] = match
  if (!isLike(wanted, name)) return false
  if (versions !== undefined && !versions.split(',').every((clause) => holds(clause, version ?? ''))) return false
  return (keys ?? '').split(',').filter((pair) => pair !== '').every((pair) => {
    const [key = '', pattern = ''] = pair.split('=')
    const value = key === 'subdir' ? subdir : key === 'fn' ? file : record[key]
    if (key === 'build_number') return typeof value === 'number' && String(value) === pattern
    return typeof value === 'string' && isLike(pattern, value)
  })
}

function holds(clause: string, version: string): boolean {
  if (readVersion(version) === undefined) return clause === '*'
  const [, operator = '', operand = ''] = /^(==|!=|>=|<=|>|<)?(.*)$/.exec(clause) ?? []
  if (operand.endsWith('.*')) return `${version}.`.startsWith(operand.slice(0, -1))
  const order = compareVersionTexts(version, operand)
  const holdsFor: Record<string, boolean> = { '': order === 0, '==': order === 0, '!=': order !== 0, '>=': order >= 0, '<=': order <= 0, '>': order > 0, '<': order < 0 }
  return holdsFor[operator] ?? false
}

function isLike(pattern: string, value: string): boolean {
  const source = pattern.toLowerCase().split('*').map((piece) => piece.replace(/[\\^$.|?+()[\]{}]/g, '\\$&')).join('[^]*')
  return new RegExp(`^${source}$`).test(value.toLowerCase())
}
