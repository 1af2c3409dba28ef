import { createHash } from 'node:crypto'
import { jsonDumps } from '../../src/json/json-dumps.ts'

/** A record as conda-index would write it. */
export function makeRecord(fileName: string, changes: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const stem = fileName.replace(/\.(?:conda|tar\.bz2|whl)$/, '')
  const [build = '0', version = '1', ...name] = stem.split('-').reverse()
  return {
    build, build_number: 0, depends: ['python >=3.8', 'libé'], license: 'MIT', md5: createHash('md5').update(fileName).digest('hex'),
    name: name.toReversed().join('-') || stem,
    sha256: createHash('sha256').update(fileName).digest('hex'), size: fileName.length * 1000, subdir: 'noarch',
    timestamp: 1_500_000_000_000 + fileName.length, version, ...changes,
  }
}

/** Records by file name; the value of a name says what is special about it. */
export type Listing = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>

/** An index of file names, as an object. */
export function makeIndex(sections: { readonly packages?: Listing; readonly conda?: Listing; readonly v3?: Readonly<Record<string,
Listing>> }, rest: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const fill = (listing: Listing = {}, suffix = ''): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(listing).map(([key, changes]) => [key, makeRecord(key + suffix, changes)]))
  return {
    info: { subdir: 'noarch' }, packages: fill(sections.packages), 'packages.conda': fill(sections.conda), removed: [],
    repodata_version: 1,
    ...(sections.v3 === undefined ? {} : { v3: Object.fromEntries(Object.entries(sections.v3).map(([extension, listing]) => [extension,
    fill(listing, `.${extension}`)])) }),
    ...rest,
  }
}

/** The bytes that conda-index would write for it. */
export function dumpIndex(index: unknown): Buffer {
  return Buffer.from(jsonDumps(index))
}
