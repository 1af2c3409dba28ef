import { resolve } from 'node:path'
import { LICENCE_FAMILIES, LICENCES, type Selection, unknownLicenceFamilies } from '@mirror/selection'
import type { SeedFiles } from './config.ts'
import type { ConfigProblem } from './problems.ts'
import { findNearest } from './nearest.ts'
import { type ClosureValues, type Moment, SELECTION_KEYS, type SelectionValues } from './selection-values.ts'
import { formatDurationKey, formatDateKey } from './units.ts'

/** What the selection of one channel is made of. */
export interface SelectionLayers {
  readonly general: SelectionValues
  readonly own: SelectionValues
  /** `<file>:<line>` of a key, wherever it stands. */
  readonly where: (key: keyof SelectionValues, isOwn: boolean) => string
  /** What paths of files start from. */
  readonly folder: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A selection, and what is wrong with it or odd about it. */
export interface ResolvedSelection {
  readonly selection: Selection
  readonly seedFiles: SeedFiles
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
}

/** Puts the selection of a channel together: each of its own keys replaces the one at the top. Keys that contradict each other are problems, those without effect are warnings. */
export function resolveSelection(layers: SelectionLayers): ResolvedSelection {
  const values = mergeSelections(layers)
  const where: Where = (key) => layers.where(key, layers.own[key] !== undefined)
  const { closure } = values
  const files = closure === undefined || closure === false ? { environments: [], locks: [] } : closure
  const absolute = (paths: readonly string[]): readonly string[] => [...new Set(paths.map((path) => resolve(layers.folder, path)))]
  return {
    selection: toSelection(values),
    seedFiles: { environments: absolute(files.environments), locks: absolute(files.locks) },
    problems: [...findConflict(values, where), ...findEmptyTime(values, { where, now: layers.now })],
    warnings: [...findIdle(values, where), ...findUnknownLicences(values, where), ...findOddPythons(values, where)],
  }
}

type Where = (key: keyof SelectionValues) => string

function mergeSelections({ general, own }: SelectionLayers): SelectionValues {
  return Object.fromEntries(SELECTION_KEYS.map((key) => [key, own[key] ?? general[key]]))
}

function toSelection(values: SelectionValues): Selection {
  const { maximum_size: maximumSize, formats, latest, closure } = values
  const all: Selection = {
    packages: filled(values.pkg_list),
    licenseBlacklist: filled(values.license_blacklist),
    blacklist: filled(values.blacklist),
    whitelist: filled(values.whitelist),
    exclude: filled(values.exclude),
    include: filled(values.include),
    pythonVersions: filled(values.python_versions),
    maximumSize: orNone(maximumSize),
    newerThan: timeOf(values.newer_than, 'date'),
    maximumAge: timeOf(values.newer_than, 'age'),
    olderThan: timeOf(values.older_than, 'date'),
    minimumAge: largest(timeOf(values.older_than, 'age'), orNone(values.minimum_age)),
    undated: values.undated,
    formats: formats === undefined || formats === false || (formats.allowed.length > 1 && formats.prefer === undefined) ? undefined : formats,
    latest: orNone(latest),
    closure: closure === undefined || closure === false ? undefined : toClosure(closure),
  }
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined))
}

function toClosure({ specs, virtualPackages, elsewhere, exact }: ClosureValues): NonNullable<Selection['closure']> {
  return { specs, artifacts: [], virtualPackages, ...(elsewhere === true ? { elsewhere } : {}), ...(exact === true ? { exact } : {}) }
}

function filled<Value>(list: readonly Value[] | undefined): readonly Value[] | undefined {
  return list === undefined || list.length === 0 ? undefined : list
}

function orNone<Value>(value: Value | false | undefined): Value | undefined {
  return value === false ? undefined : value
}

function timeOf(moment: Moment | false | undefined, type: Moment['type']): number | undefined {
  return moment !== undefined && moment !== false && moment.type === type ? moment.milliseconds : undefined
}

function largest(...values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}

/** `pkg_list` is another way to say what the three other lists of cas-mirror say. */
function findConflict(values: SelectionValues, where: Where): readonly ConfigProblem[] {
  if (filled(values.pkg_list) === undefined) return []
  const others = (['license_blacklist', 'blacklist', 'whitelist'] as const).filter((key) => filled(values[key]) !== undefined)
  if (others.length === 0) return []
  const named = others.map((key) => `"${key}" (${where(key)})`).join(' and ')
  return [{
    code: 'CONFIG_INVALID',
    where: where('pkg_list'),
    key: 'pkg_list',
    message: `"pkg_list" cannot be used together with ${named}`,
    hint: 'Keep "pkg_list" for only these packages, or the others for all but some. "exclude" may stand beside either.',
  }]
}

/** A window between two times that nothing can lie in. */
function findEmptyTime(values: SelectionValues, { where, now }: { readonly where: Where; readonly now: number }): readonly ConfigProblem[] {
  const { newer_than: newer } = values
  if (newer === undefined || newer === false) return []
  const from = timeAt(newer, now)
  const ends = [
    { key: 'older_than' as const, moment: orNone(values.older_than) },
    { key: 'minimum_age' as const, moment: typeof values.minimum_age === 'number' ? { type: 'age' as const, milliseconds: values.minimum_age } : undefined },
  ]
  const end = ends.find(({ moment }) => moment !== undefined && timeAt(moment, now) <= from)
  if (end?.moment === undefined) return []
  return [{
    code: 'CONFIG_INVALID',
    where: where('newer_than'),
    key: 'newer_than',
    message: `"newer_than: ${formatMoment(newer)}" and "${end.key}: ${formatMoment(end.moment)}" (${where(end.key)}) leave no time between them, so nothing would be mirrored`,
  }]
}

function timeAt({ type, milliseconds }: Moment, now: number): number {
  return type === 'date' ? milliseconds : now - milliseconds
}

function formatMoment({ type, milliseconds }: Moment): string {
  return type === 'date' ? formatDateKey(milliseconds) : String(formatDurationKey(milliseconds))
}

function findIdle(values: SelectionValues, where: Where): readonly ConfigProblem[] {
  const idle = (key: keyof SelectionValues, message: string): ConfigProblem => ({ code: 'CONFIG_INVALID', where: where(key), key, message: `"${key}" ${message}` })
  const found: ConfigProblem[] = []
  const removes = filled(values.license_blacklist) !== undefined || filled(values.blacklist) !== undefined
  if (filled(values.whitelist) !== undefined && !removes && filled(values.pkg_list) === undefined) {
    found.push(idle('whitelist', 'alone has no effect: it adds back what "blacklist" and "license_blacklist" left out; for only these packages (as in cas-mirror until 2.2) use "pkg_list"'))
  }
  const hasTime = [values.newer_than, values.older_than, values.minimum_age].some((value) => value !== undefined && value !== false)
  if (values.undated !== undefined && !hasTime) found.push(idle('undated', 'has no effect without "newer_than", "older_than" or "minimum_age"'))
  return found
}

function findUnknownLicences(values: SelectionValues, where: Where): readonly ConfigProblem[] {
  return unknownLicenceFamilies(values.license_blacklist ?? []).map((name) => {
    const nearest = findNearest(name, [...LICENCE_FAMILIES.map((family) => family.name), ...LICENCES.map(({ id }) => id)])
    return {
      code: 'CONFIG_INVALID',
      where: where('license_blacklist'),
      key: 'license_blacklist',
      message: `"license_blacklist" has ${JSON.stringify(name)}, which is neither a family of licences nor a licence, so it leaves nothing out${nearest === undefined ? '' : `; the nearest is ${nearest}`}`,
    }
  })
}

/** Whoever lost the quotes of 3.10 on the way has 3.1, which no channel ever had. */
function findOddPythons(values: SelectionValues, where: Where): readonly ConfigProblem[] {
  if (values.python_versions?.includes('3.1') !== true) return []
  return [{ code: 'CONFIG_INVALID', where: where('python_versions'), key: 'python_versions', message: '"python_versions" has 3.1, for which nothing was ever built; was it 3.10?' }]
}
