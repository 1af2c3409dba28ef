import { isArtifactName, splitArtifactName } from '../artifact/artifact-name.ts'
import { compareNameRows, createNameColumn } from '../columns/columns.ts'
import { type IndexPart, isKept } from '../index/index-part.ts'
import { scanIndexInSteps } from '../scanner/index-scanner.ts'
import type { IndexLayout, IndexSkeleton, RecordView } from '../index/index-types.ts'
import { compareCodePoints } from '../json/json-dumps.ts'
import { sortRows } from '../columns/merge-rows.ts'
import type { Steps } from '../steps.ts'

/** Which rows go into which shard. */
export interface ShardPlan {
  /** Package names by code point. */
  readonly names: readonly string[]
  /** The rows of a package, sorted by file name in each section. */
  readonly rowsOf: (name: string) => Uint32Array
  readonly removedOf: (name: string) => readonly string[]
  readonly newest: number | undefined
}

/** First pass, in steps: which record belongs to which package. */
export function* planShards(part: IndexPart): Steps<ShardPlan> {
  const { table } = part
  const ids = createNameIds()
  const owners = new Uint32Array(table.rows)
  // Of a document whose keys are sorted, rows are in order as they stand.
  const keys = table.canonical ? undefined : createNameColumn()
  const removed = new Set(readRemoved(table.skeleton))
  let newest: number | undefined
  let row = 0

  function take(view: RecordView): void {
    const key = view.key()
    owners[row] = ids.ofRecord(view) + 1
    removed.delete(key)
    newest = later(newest, timeOf(view))
    keys?.appendText(key)
  }

  yield* scanIndexInSteps(part.source, {
    record(view) {
      if (isKept(part, row)) take(view)
      else keys?.appendText('')
      row += 1
    },
  })

  const removedByName = Map.groupBy(removed, nameOfFile)
  for (const name of removedByName.keys()) ids.of(name)
  const { starts, rows } = groupRows(owners, ids.names().length)
  return {
    names: ids.names().toSorted(compareCodePoints),
    rowsOf(name) {
      const id = ids.of(name)
      const own = rows.subarray(starts[id], starts[id + 1])
      return keys === undefined ? own : sortRows(own, (left, right) => compareSections(table, left, right) || compareNameRows(keys, left, right))
    },
    removedOf: (name) => (removedByName.get(name) ?? []).toSorted(compareCodePoints),
    newest,
  }
}

function later(left: number | undefined, right: number | undefined): number | undefined {
  return left === undefined || (right !== undefined && right > left) ? right : left
}

/** Numbers for package names. */
interface NameIds {
  readonly of: (name: string) => number
  readonly ofRecord: (view: RecordView) => number
  readonly names: () => readonly string[]
}

function createNameIds(): NameIds {
  const ids = new Map<string, number>()
  /** The same by the raw text of a `name` field, which need not be decoded again then. */
  const rawIds = new Map<string, number>()

  function idOf(name: string): number {
    const present = ids.get(name)
    if (present !== undefined) return present
    ids.set(name, ids.size)
    return ids.size - 1
  }

  return {
    of: idOf,
    ofRecord(view) {
      const raw = view.field('name') ?? ''
      const present = rawIds.get(raw)
      if (present !== undefined) return present
      const name = parseName(raw)
      if (name === undefined) return idOf(nameOfFile(view.key()))
      const id = idOf(name)
      rawIds.set(raw, id)
      return id
    },
    names: () => [...ids.keys()],
  }
}

function compareSections(table: IndexLayout, left: number, right: number): number {
  return compareCodePoints(table.sectionAt(left), table.sectionAt(right))
}

/** Counting sort: rows by owner. An owner of 0 is none. */
function groupRows(owners: Uint32Array, count: number): { readonly starts: Uint32Array; readonly rows: Uint32Array } {
  const starts = new Uint32Array(count + 1)
  for (const owner of owners) if (owner > 0) starts[owner] = (starts[owner] ?? 0) + 1
  for (let id = 0; id < count; id += 1) starts[id + 1] = (starts[id + 1] ?? 0) + (starts[id] ?? 0)
  const next = starts.slice()
  const rows = new Uint32Array(starts[count] ?? 0)
  owners.forEach((owner, row) => {
    if (owner === 0) return
    const at = next[owner - 1] ?? 0
    rows[at] = row
    next[owner - 1] = at + 1
  })
  return { starts, rows }
}

function parseName(raw: string): string | undefined {
  if (!raw.startsWith('"')) return undefined
  const name: unknown = JSON.parse(raw)
  return typeof name === 'string' ? name : undefined
}

/** For files without a record: the custom of CEP 26, else the whole name. */
function nameOfFile(fileName: string): string {
  return (isArtifactName(fileName) ? splitArtifactName(fileName)?.name : undefined) ?? fileName
}

/** conda's rule: timestamps up to this one are seconds. */
const LAST_SECOND = 253402300799
/** A day after the year 2100 begins timestamps stop to be believed. */
const LATEST = 4102531200000

function timeOf(view: RecordView): number | undefined {
  const raw = view.field('indexed_timestamp') ?? view.field('timestamp')
  if (raw === undefined || !/^\d+$/.test(raw)) return undefined
  const value = Number(raw)
  const time = value <= LAST_SECOND ? value * 1000 : value
  return time <= LATEST ? time : undefined
}

function readRemoved(skeleton: IndexSkeleton): readonly string[] {
  const entry = skeleton.entries.find(({ key }) => key === 'removed')
  const value: unknown = entry === undefined ? [] : JSON.parse(Buffer.from(entry.raw).toString())
  return Array.isArray(value) ? value.filter((item: unknown) => typeof item === 'string') : []
}
