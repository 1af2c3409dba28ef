import { createIndexScanner, isArtifactName, type RecordView, splitArtifactName } from '@mirror/core'
import { createGrowingColumn } from './growing-column.ts'
import { createNeeds } from './needs.ts'
import { type PackedTexts, packTexts } from './packed-texts.ts'
import { ENDINGS, ODD, type SubdirColumns } from './subdir-columns.ts'
import { createTextNumbers, decodeText } from './text-numbers.ts'

/** Reads the index of a subdir that is written to it. */
export interface ColumnsReader {
  /** Throws `INDEX_MALFORMED` or `INDEX_IMPLAUSIBLE`, as `end` does. */
  readonly write: (chunk: Uint8Array) => void
  readonly end: () => SubdirColumns
}

const LATEST = 20

/** Creates a reader of an index. No record is parsed: what is looked at are the few fields that the scanner finds in passing. */
export function createColumnsReader(subdir: string): ColumnsReader {
  const rows = createRows()
  const scanner = createIndexScanner({ record: rows.add })
  return {
    write: scanner.write,
    end() {
      scanner.end()
      return rows.finish(subdir)
    },
  }
}

interface Rows {
  readonly add: (view: RecordView) => void
  readonly finish: (subdir: string) => SubdirColumns
}

const words = (cells: number): Uint32Array<ArrayBuffer> => new Uint32Array(cells)
const doubles = (cells: number): Float64Array<ArrayBuffer> => new Float64Array(cells)

function createRows(): Rows {
  const names = createTextNumbers()
  const versions = createTextNumbers()
  const builds: string[] = []
  const needs = createNeeds()
  const columns = createColumns()
  const odd: { readonly row: number; readonly key: string }[] = []
  let count = 0
  let unusable = 0

  function add(view: RecordView): void {
    const key = view.key()
    if (!isArtifactName(key)) {
      unusable += 1
      return
    }
    const name = decodeText(view.field('name')) ?? splitArtifactName(key)?.name ?? key
    const version = decodeText(view.field('version')) ?? ''
    const build = decodeText(view.field('build')) ?? ''
    const ending = findEnding(key, `${name}-${version}-${build}`)
    if (ending === ODD) odd.push({ row: count, key })
    const number = names.of(name)
    columns.add(view, { name: number, version: versions.of(version), ending })
    builds.push(build)
    needs.add(number, view.field('depends'))
    count += 1
  }

  return {
    add,
    finish(subdir) {
      const sorted = sortTexts(names.texts())
      const grouped = columns.finish(sorted.ranks)
      const rank = rankRows(grouped.order)
      const oddRows = odd.map(({ row, key }) => ({ row: rank(row), key })).toSorted((left, right) => left.row - right.row)
      return {
        subdir, records: count, unusable, ...grouped.columns, ...packNames(sorted.texts),
        versionTexts: packTexts(versions.texts()), builds: packTexts(Array.from(grouped.order, (row) => builds[row] ?? '')),
        odd: { rows: Uint32Array.from(oddRows, ({ row }) => row), keys: packTexts(oddRows.map(({ key }) => key)) },
        ...needs.finish(sorted.ranks),
      }
    },
  }
}

function findEnding(key: string, stem: string): number {
  if (!key.startsWith(stem)) return ODD
  const at = ENDINGS.findIndex((ending) => key.length === stem.length + ending.length && key.endsWith(ending))
  return at === -1 ? ODD : at
}

/** Texts in order of their bytes, and by number of a text where it comes. */
function sortTexts(texts: readonly string[]): { readonly texts: readonly string[]; readonly ranks: Uint32Array } {
  const all = texts.map((text, number) => ({ text, number, bytes: Buffer.from(text) })).toSorted((left, right) => Buffer.compare(left.bytes, right.bytes))
  const ranks = new Uint32Array(texts.length)
  for (const [rank, { number }] of all.entries()) ranks[number] = rank
  return { texts: all.map(({ text }) => text), ranks }
}

function packNames(texts: readonly string[]): { readonly names: PackedTexts; readonly foldedNames: PackedTexts } {
  const names = packTexts(texts)
  const folded = texts.map((text) => text.toLowerCase())
  return { names, foldedNames: folded.every((text, at) => text === texts[at]) ? names : packTexts(folded) }
}

/** Where a row of the document has gone. */
function rankRows(order: Uint32Array): (row: number) => number {
  let ranks: Uint32Array | undefined
  return (row) => {
    if (ranks === undefined) {
      ranks = new Uint32Array(order.length)
      for (let at = 0; at < order.length; at += 1) ranks[order[at] ?? 0] = at
    }
    return ranks[row] ?? 0
  }
}

interface RowNumbers {
  readonly name: number
  readonly version: number
  readonly ending: number
}

type RowColumns = Pick<SubdirColumns, 'bytes' | 'nameEnds' | 'nameBytes' | 'positions' | 'lengths' | 'versions' | 'buildNumbers' | 'sizes' | 'times' | 'endings' | 'latest'>

interface Columns {
  readonly add: (view: RecordView, numbers: RowNumbers) => void
  /** Groups the rows by the ranks of their names. */
  readonly finish: (ranks: Uint32Array) => { readonly columns: RowColumns; readonly order: Uint32Array }
}

function createColumns(): Columns {
  const names = createGrowingColumn(words)
  const positions = createGrowingColumn(doubles)
  const lengths = createGrowingColumn(words)
  const versions = createGrowingColumn(words)
  const buildNumbers = createGrowingColumn(words)
  const sizes = createGrowingColumn(doubles)
  const times = createGrowingColumn(words)
  const endings = createGrowingColumn((cells) => new Uint8Array(cells))
  let count = 0
  return {
    add(view, { name, version, ending }) {
      names.push(name)
      positions.push(view.position)
      lengths.push(view.end - view.start)
      versions.push(version)
      buildNumbers.push(limit(view.number('build_number'), 2 ** 32 - 1))
      sizes.push(limit(view.number('size'), Number.MAX_SAFE_INTEGER))
      times.push(readSeconds(view.number('timestamp')))
      endings.push(ending)
      count += 1
    },
    finish(ranks) {
      const { order, nameEnds } = groupRows(count, ranks, names.at)
      const taken = { sizes: sizes.take(order), times: times.take(order) }
      const nameBytes = sumByName(nameEnds, taken.sizes)
      return {
        order,
        columns: {
          bytes: nameBytes.reduce((sum, bytes) => sum + bytes, 0), nameEnds, nameBytes, ...taken, latest: findLatest(taken.times), positions: positions.take(order), lengths: lengths.take(order),
          versions: versions.take(order), buildNumbers: buildNumbers.take(order), endings: endings.take(order),
        },
      }
    },
  }
}

function limit(value: number | undefined, most: number): number {
  return value === undefined || !(value > 0) ? 0 : Math.min(most, Math.trunc(value))
}

/** Values up to this are seconds, higher ones milliseconds, as conda reads them. */
const LAST_SECOND = 253_402_300_799

function readSeconds(timestamp: number | undefined): number {
  if (timestamp === undefined || !(timestamp > 0)) return 0
  const seconds = Math.trunc(timestamp <= LAST_SECOND ? timestamp : timestamp / 1000)
  return seconds < 2 ** 32 ? seconds : 0
}

function groupRows(count: number, ranks: Uint32Array, nameOf: (row: number) => number): { readonly order: Uint32Array; readonly nameEnds: Uint32Array<ArrayBuffer> } {
  const nameEnds = new Uint32Array(ranks.length)
  const rankOf = (row: number): number => ranks[nameOf(row)] ?? 0
  for (let row = 0; row < count; row += 1) nameEnds[rankOf(row)] = (nameEnds[rankOf(row)] ?? 0) + 1
  let start = 0
  const next = new Uint32Array(ranks.length)
  for (let rank = 0; rank < ranks.length; rank += 1) {
    next[rank] = start
    start += nameEnds[rank] ?? 0
    nameEnds[rank] = start
  }
  const order = new Uint32Array(count)
  for (let row = 0; row < count; row += 1) {
    const rank = rankOf(row)
    const to = next[rank] ?? 0
    order[to] = row
    next[rank] = to + 1
  }
  return { order, nameEnds }
}

function sumByName(nameEnds: Uint32Array, sizes: Float64Array): Float64Array<ArrayBuffer> {
  let row = 0
  return Float64Array.from(nameEnds, (end) => {
    let sum = 0
    for (; row < end; row += 1) sum += sizes[row] ?? 0
    return sum
  })
}

/** The rows with the latest times; what says that it is of the future does not count among them. */
function findLatest(times: Uint32Array): Uint32Array<ArrayBuffer> {
  const soon = Date.now() / 1000 + 86_400
  const best: number[] = []
  const timeOf = (row: number | undefined): number => (row === undefined ? 0 : (times[row] ?? 0))
  for (const [row, time] of times.entries()) {
    if (time === 0 || time > soon || (best.length === LATEST && time <= timeOf(best.at(-1)))) continue
    const place = best.findIndex((other) => timeOf(other) < time)
    best.splice(place === -1 ? best.length : place, 0, row)
    if (best.length > LATEST) best.pop()
  }
  return Uint32Array.from(best)
}
