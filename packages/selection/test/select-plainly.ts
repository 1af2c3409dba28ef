import { createBufferSource, parseMatchSpec, parseSubdirName, readIndexLayout } from '@mirror/core'
import { type SelectableIndex, selectRecords, type Selected, type Selection } from '../src/index.ts'
import type { PlainSelection } from './reference-selection.ts'

/** The time of all tests. */
export const NOW: number = Date.UTC(2026, 0, 15)
export const DAY = 86_400_000

/** A document as an index. */
export function indexOf(subdir: string, text: string): SelectableIndex {
  const source = createBufferSource(Buffer.from(text))
  return { subdir: parseSubdirName(subdir), source, layout: readIndexLayout(source) }
}

/** Records by file name, as a document. */
export function documentOf(records: Readonly<Record<string, Readonly<Record<string, unknown>>>>): string {
  const section = (ending: string): object => Object.fromEntries(Object.entries(records).filter(([file]) => file.endsWith(ending)).map(([file, changes]) => [file, recordOf(file, changes)]))
  return JSON.stringify({ info: {}, packages: section('.tar.bz2'), 'packages.conda': section('.conda') })
}

/** A record as its file name says, with changes. */
export function recordOf(file: string, changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const [build = '0', version = '1', ...name] = file.replace(/\.(?:conda|tar\.bz2)$/, '').split('-').reverse()
  return { build, build_number: 0, depends: [], name: name.toReversed().join('-'), size: 1000, timestamp: NOW - 100 * DAY, version, ...changes }
}

/** Specs parsed. */
export function toSelection({ exclude, include, ...rest }: PlainSelection): Selection {
  return { ...rest, ...(exclude === undefined ? {} : { exclude: exclude.map(parseMatchSpec) }), ...(include === undefined ? {} : { include: include.map(parseMatchSpec) }) }
}

/** Selects from one subdir. */
export function select(text: string, selection: PlainSelection, subdir = 'linux-64'): Selected {
  return selectRecords([indexOf(subdir, text)], toSelection(selection), { now: NOW })
}

/** For each record in order whether it is kept. */
export function keptOf(selected: Selected, indexes: readonly SelectableIndex[]): ReadonlyMap<string, readonly boolean[]> {
  return new Map(indexes.map(({ subdir, layout }) => {
    const keep = selected.subdirs.get(subdir)?.keep
    return [subdir, Array.from({ length: layout.rows }, (_, row) => keep === undefined || keep[row] !== 0)]
  }))
}

/** The names of files that are kept of records by file name; `.tar.bz2` first, as the document has them. */
export function keptFiles(records: Readonly<Record<string, Readonly<Record<string, unknown>>>>, selection: PlainSelection): readonly string[] {
  const index = indexOf('linux-64', documentOf(records))
  const kept = keptOf(selectRecords([index], toSelection(selection), { now: NOW }), [index]).get('linux-64') ?? []
  const files = ['.tar.bz2', '.conda'].flatMap((ending) => Object.keys(records).filter((file) => file.endsWith(ending)))
  return files.filter((_, row) => kept[row])
}
