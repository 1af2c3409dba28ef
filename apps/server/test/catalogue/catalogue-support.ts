import { createColumnsReader } from '../../src/catalogue/read-columns.ts'
import { createSubdirCatalogue, type SubdirCatalogue } from '../../src/catalogue/subdir-catalogue.ts'

/** A record as an index has it; whatever is left out is left out. */
export interface GivenRecord {
  readonly name?: string
  readonly version?: string
  readonly build?: string
  readonly build_number?: number
  readonly size?: number
  readonly timestamp?: number
  readonly depends?: readonly string[]
}

/** An index as text. */
export function writeDocument(records: Readonly<Record<string, GivenRecord>>, subdir = 'linux-64'): Buffer {
  const of = (ending: string): object => Object.fromEntries(Object.entries(records).filter(([key]) => key.endsWith(ending)))
  return Buffer.from(JSON.stringify({ info: { subdir }, packages: of('.tar.bz2'), 'packages.conda': of('.conda'), repodata_version: 1 }))
}

/** Reads an index, written in pieces of some size. */
export function readCatalogue(document: Buffer, { subdir = 'linux-64', piece = document.length }: { readonly subdir?: string; readonly piece?: number } = {}): SubdirCatalogue {
  const reader = createColumnsReader(subdir)
  for (let at = 0; at < document.length; at += Math.max(1, piece)) reader.write(document.subarray(at, at + Math.max(1, piece)))
  return createSubdirCatalogue(reader.end())
}

/** The catalogue of some builds: `name version build`, each in `.conda`. */
export function catalogueOf(builds: readonly string[], { subdir = 'linux-64', depends = {} }: { readonly subdir?: string; readonly depends?: Readonly<Record<string, readonly string[]>> } = {}): SubdirCatalogue {
  const records = builds.map((text): [string, GivenRecord] => {
    const [name = '', version = '1', build = '0'] = text.split(' ')
    return [`${name}-${version}-${build}.conda`, { name, version, build, build_number: Number(/\d+$/.exec(build)?.[0] ?? 0), size: 10, depends: depends[name] ?? [] }]
  })
  return readCatalogue(writeDocument(Object.fromEntries(records), subdir), { subdir })
}
