import type { Decisions } from '../decisions.ts'
import type { RecordColumns } from '../records/record-columns.ts'
import type { ArtifactFormat, LatestChoice } from '../selection.ts'
import { numberOfFormat, OTHER_FORMAT } from './format-rules.ts'
import { codeOf } from './rule-codes.ts'

/** The rows of one subdir that are kept, one name after the other. */
export interface RowGroups {
  readonly decisions: Decisions
  readonly columns: RecordColumns
  /** Rows of one name stand side by side, in their order. */
  readonly order: Uint32Array
  /** Where the rows of a name end, by its number; they start where those of the one before end. */
  readonly ends: Uint32Array
}

const FORMATS = codeOf('formats')
const LATEST = codeOf('latest')

/** Groups what is kept by name. */
export function groupByName(decisions: Decisions, columns: RecordColumns, names: number): RowGroups {
  const starts = new Uint32Array(names + 1)
  let total = 0
  for (let row = 0; row < decisions.rows; row += 1) {
    if (!decisions.isKept(row)) continue
    const next = (columns.names[row] ?? 0) + 1
    starts[next] = (starts[next] ?? 0) + 1
    total += 1
  }
  for (let name = 1; name <= names; name += 1) starts[name] = (starts[name] ?? 0) + (starts[name - 1] ?? 0)
  const order = new Uint32Array(total)
  for (let row = 0; row < decisions.rows; row += 1) {
    if (!decisions.isKept(row)) continue
    const name = columns.names[row] ?? 0
    const at = starts[name] ?? 0
    order[at] = row
    starts[name] = at + 1
  }
  return { decisions, columns, order, ends: starts.subarray(0, names) }
}

/** Leaves out each artifact whose twin in the preferred format is kept: of the same name, version and build, letter by letter. */
export function dropTwins(groups: RowGroups, prefer: ArtifactFormat): void {
  const { decisions, columns } = groups
  const preferred = numberOfFormat(prefer)
  forEachGroup(groups, (rows) => {
    const twins = findTwinKeys(rows, columns, preferred)
    if (twins === undefined) return
    for (const row of rows) {
      const format = columns.formats[row] ?? OTHER_FORMAT
      if (format === preferred || format === OTHER_FORMAT) continue
      if (twins.get(columns.versions[row] ?? 0)?.has(columns.builds[row] ?? 0) === true) decisions.decide(row, FORMATS, columns.sizes.at(row))
    }
  })
}

/** Builds by version of the preferred format; undefined unless both formats are there. */
function findTwinKeys(rows: Uint32Array, { formats, versions, builds }: RecordColumns, preferred: number): ReadonlyMap<number, ReadonlySet<number>> | undefined {
  const hasBoth = rows.some((row) => formats[row] === preferred) && rows.some((row) => formats[row] !== preferred && formats[row] !== OTHER_FORMAT)
  if (!hasBoth) return undefined
  const found = new Map<number, Set<number>>()
  for (const row of rows) {
    if (formats[row] !== preferred) continue
    const version = versions[row] ?? 0
    const known = found.get(version)
    if (known === undefined) found.set(version, new Set([builds[row] ?? 0]))
    else known.add(builds[row] ?? 0)
  }
  return found
}

/** Leaves out all but the newest versions of each name, and all but the highest build numbers of each version. `ranks`: the order of versions, by number. */
export function dropOld(groups: RowGroups, { versions = Infinity, builds = Infinity }: LatestChoice, ranks: Uint32Array): void {
  const { decisions, columns } = groups
  const rankAt = (row: number): number => ranks[columns.versions[row] ?? 0] ?? 0
  const drop = (row: number): void => decisions.decide(row, LATEST, columns.sizes.at(row))

  forEachGroup(groups, (rows) => {
    const lowest = findLowest(rows, versions, rankAt)
    const current = rows.filter((row) => rankAt(row) >= lowest)
    if (current.length < rows.length) for (const row of rows) if (rankAt(row) < lowest) drop(row)
    if (builds === Infinity) return
    const numberAt = (row: number): number => columns.buildNumbers[row] ?? 0
    for (const same of Map.groupBy(current, rankAt).values()) {
      const least = findLowest(same, builds, numberAt)
      for (const row of same) if (numberAt(row) < least) drop(row)
    }
  })
}

/** The lowest of the `limit` highest distinct values; -Infinity when there are no more than that. */
function findLowest(rows: Iterable<number>, limit: number, valueAt: (row: number) => number): number {
  const distinct = new Set<number>()
  for (const row of rows) distinct.add(valueAt(row))
  if (distinct.size <= limit) return -Infinity
  const highest = Float64Array.from(distinct).sort()
  return limit < 1 ? Infinity : (highest[highest.length - limit] ?? -Infinity)
}

/** Rows of each name that are still kept. */
function forEachGroup({ decisions, order, ends }: RowGroups, visit: (rows: Uint32Array) => void): void {
  let start = 0
  for (const end of ends) {
    const rows = order.subarray(start, end)
    start = end
    if (rows.length === 0) continue
    visit(rows.every((row) => decisions.isKept(row)) ? rows : rows.filter((row) => decisions.isKept(row)))
  }
}
