import type { Decisions } from '../decisions.ts'
import type { RecordColumns } from '../records/record-columns.ts'
import type { ArtifactFormat, LatestChoice } from '../selection.ts'
import { numberOfFormat, OTHER_FORMAT } from './format-rules.ts'
import { codeOf } from './rule-codes.ts'

/** The rows of one subdir. */
export interface RowGroups {
  readonly decisions: Decisions
  readonly columns: RecordColumns
}

const FORMATS = codeOf('formats')
const LATEST = codeOf('latest')

/** Leaves out each artifact whose twin in the preferred format is kept: of the same name, version and build, letter by letter. */
export function dropTwins(groups: RowGroups, prefer: ArtifactFormat): void {
  const { decisions, columns } = groups
  const { formats, stems } = columns
  const preferred = numberOfFormat(prefer)
  const formatAt = (row: number): number => formats.at(row)
  const compareStems = (left: number, right: number): number => stems.at(left) - stems.at(right)
  const comparePreferred = (left: number, right: number): number =>
    compareStems(left, right) || Number(formatAt(right) === preferred) - Number(formatAt(left) === preferred)

  forEachGroup(groups, (rows) => {
    const hasBoth = rows.some((row) => formatAt(row) === preferred) && rows.some((row) => isOther(formatAt(row), preferred))
    if (!hasBoth) return
    sortFew(rows, comparePreferred)
    let best = -1
    for (const row of rows) {
      if (formatAt(row) === preferred) best = row
      else if (best >= 0 && isOther(formatAt(row), preferred) && compareStems(best, row) === 0) decisions.decide(row, FORMATS, columns.sizes.at(row))
    }
  })
}

function isOther(format: number, preferred: number): boolean {
  return format !== preferred && format !== OTHER_FORMAT
}

/** Leaves out all but the newest versions of each name, and all but the highest build numbers of each version. `ranks`: the order of versions, by number. */
export function dropOld(groups: RowGroups, { versions = Infinity, builds = Infinity }: LatestChoice, ranks: Uint32Array): void {
  const { decisions, columns } = groups
  const rankAt = (row: number): number => ranks[columns.versions.at(row)] ?? 0
  const numberAt = builds === Infinity ? () => 0 : (row: number): number => columns.buildNumbers.at(row)
  const compareAge = (left: number, right: number): number => rankAt(right) - rankAt(left) || numberAt(right) - numberAt(left)

  forEachGroup(groups, (rows) => {
    sortFew(rows, compareAge)
    let before = -1
    let newer = 0
    let higher = 0
    for (const row of rows) {
      if (before < 0 || rankAt(row) !== rankAt(before)) {
        newer += 1
        higher = 1
      } else if (numberAt(row) !== numberAt(before)) higher += 1
      before = row
      if (newer > versions || higher > builds) decisions.decide(row, LATEST, columns.sizes.at(row))
    }
  })
}

/** Rows of each name that are still kept, the last one first; the same array for each. */
function forEachGroup({ decisions, columns: { lastRows, rowsBefore } }: RowGroups, visit: (rows: number[]) => void): void {
  const rows: number[] = []
  for (const last of lastRows) {
    rows.length = 0
    for (let next = last ?? 0; next !== 0; next = rowsBefore.at(next - 1)) if (decisions.isKept(next - 1)) rows.push(next - 1)
    if (rows.length > 0) visit(rows)
  }
}

/** Most names have few records, and `sort` makes copies. */
const FEW = 40

function sortFew(rows: number[], compare: (left: number, right: number) => number): void {
  if (rows.length > FEW) {
    rows.sort(compare)
    return
  }
  for (let next = 1; next < rows.length; next += 1) {
    const row = rows[next] ?? 0
    let at = next
    for (; at > 0 && compare(rows[at - 1] ?? 0, row) > 0; at -= 1) rows[at] = rows[at - 1] ?? 0
    rows[at] = row
  }
}
