import { parseSubdirName, type SubdirName } from '@mirror/core'
import type { RecordRows } from '../../src/selectable-index.ts'

/** A record as a test writes it. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** An index as it is on disk. */
export interface JsonIndex {
  readonly packages?: Readonly<Record<string, JsonRecord>>
  readonly 'packages.conda'?: Readonly<Record<string, JsonRecord>>
  readonly v3?: Readonly<Record<string, Readonly<Record<string, JsonRecord>>>>
}

/** Rows of an index that is a value. */
export function rowsOfIndex(subdir: string, index: JsonIndex): RecordRows {
  const v3 = Object.entries(index.v3 ?? {}).flatMap(([extension, records]) => Object.entries(records).map(([stem, record]): [string, JsonRecord] => [`${stem}.${extension}`, record]))
  const entries = [...Object.entries(index.packages ?? {}), ...Object.entries(index['packages.conda'] ?? {}), ...v3]
  const names = entries.map(([, record]) => String(record['name']))
  const byName = Map.groupBy(names.keys(), (row) => names[row] ?? '')
  return {
    subdir: parseSubdirName(subdir),
    count: entries.length,
    keyAt: (row) => entries[row]?.[0] ?? '',
    nameAt: (row) => names[row] ?? '',
    rowsNamed: (name) => byName.get(name) ?? [],
    names: () => byName.keys(),
    recordAt: (row) => entries[row]?.[1] ?? {},
  }
}

/**
 * Rows of records written in one line each: `numpy 1.2 py_0: python >=3.11, libblas`. Build and what follows the colon may be left out.
 */
export function rowsOf(subdir: string, lines: readonly string[], more: Readonly<Record<string, JsonRecord>> = {}): RecordRows {
  return rowsOfIndex(subdir, {
    packages: Object.fromEntries(lines.map((line) => {
      const [, head = '', depends = ''] = /^([^:]*)(?::(.*))?$/.exec(line) ?? []
      const [name = '', version = '', build = '0'] = head.trim().split(/ +/)
      const key = `${name}-${version}-${build}.tar.bz2`
      const needs = depends.split(/,(?![^[(]*[\])])/).map((text) => text.trim()).filter((text) => text !== '')
      return [key, { name, version, build, build_number: Number(/\d+$/.exec(build)?.[0] ?? 0), depends: needs.map((text) => text.replaceAll(';', ',')), ...more[key] }]
    })),
  })
}

/** File names without extension of what a closure keeps of a subdir, sorted. */
export function keptOf(rows: RecordRows, keep: ReadonlyMap<SubdirName, Uint8Array>): readonly string[] {
  const marks = keep.get(rows.subdir)
  return Array.from({ length: rows.count }, (_, row) => row).filter((row) => marks?.[row] === 1).map((row) => rows.keyAt(row).replace(/\.(?:tar\.bz2|conda|whl)$/, '')).sort()
}
