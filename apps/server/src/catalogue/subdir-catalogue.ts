import { compareAt, findContaining, findText, startOfText, textAt } from './packed-texts.ts'
import { ENDINGS, ODD, type SubdirColumns } from './subdir-columns.ts'

/** An artifact as an index lists it, as far as it is known without reading its record. */
export interface ListedArtifact {
  readonly subdir: string
  readonly file: string
  readonly name: string
  readonly version: string
  readonly build: string
  readonly buildNumber: number
  /** Bytes; 0 where the record does not tell. */
  readonly size: number
  /** When it was built, milliseconds since 1970; undefined where the record does not tell. */
  readonly time: number | undefined
  /** Where its record stands in the index, in bytes. */
  readonly position: number
  readonly length: number
}

/** How well a name fits what somebody looks for: 0 is it, 1 starts with it, 2 has a word that does, 3 holds it. */
export type Fit = 0 | 1 | 2 | 3

/** What the index of a subdir lists, to be asked. Names have numbers, in their order; so have records, those of one name side by side. */
export interface SubdirCatalogue {
  readonly columns: SubdirColumns
  /** How many names there are. */
  readonly names: number
  readonly nameAt: (name: number) => string
  readonly findName: (text: string) => number | undefined
  /** The records of a name, from `from` to before `to`. */
  readonly recordsOf: (name: number) => { readonly from: number; readonly to: number }
  readonly artifactAt: (record: number) => ListedArtifact
  readonly findArtifact: (name: string, file: string) => ListedArtifact | undefined
  /** The version of a number of the column `versions`. */
  readonly versionOf: (version: number) => string
  /** Every name that holds a text in lower case, each once. */
  readonly match: (text: string) => Iterable<{ readonly name: number; readonly fit: Fit }>
  /** Names of packages of which a record depends on a name. */
  readonly needing: (name: string) => readonly string[]
}

/** Creates a catalogue of columns. */
export function createSubdirCatalogue(columns: SubdirColumns): SubdirCatalogue {
  const { names, nameEnds } = columns
  const nameAt = (name: number): string => textAt(names, name)
  const recordsOf = (name: number): { from: number; to: number } => ({ from: name === 0 ? 0 : (nameEnds[name - 1] ?? 0), to: nameEnds[name] ?? 0 })
  const artifactAt = (record: number): ListedArtifact => describeArtifact(columns, record, nameAt(findOwner(nameEnds, record)))
  const findName = (text: string): number | undefined => {
    const wanted = Buffer.from(text)
    const at = findText(names, wanted)
    return at < nameEnds.length && compareAt(names, at, wanted) === 0 ? at : undefined
  }
  return {
    columns, nameAt, recordsOf, artifactAt, findName,
    versionOf: (version) => textAt(columns.versionTexts, version),
    names: nameEnds.length,
    findArtifact(name, file) {
      const found = [findName(name), ...columns.odd.rows.length > 0 ? [findOdd(columns, file)] : []].filter((one) => one !== undefined)
      for (const owner of found) {
        const { from, to } = recordsOf(owner)
        for (let record = from; record < to; record += 1) if (fileOf(columns, record, nameAt(owner)) === file) return artifactAt(record)
      }
      return undefined
    },
    match: (text) => matchNames(columns, text),
    needing(name) {
      const at = findText(columns.needed, Buffer.from(name))
      if (at >= columns.neededEnds.length || textAt(columns.needed, at) !== name) return []
      return Array.from(columns.needing.subarray(at === 0 ? 0 : columns.neededEnds[at - 1], columns.neededEnds[at]), nameAt)
    },
  }
}

/** The name that a record belongs to: the first that ends behind it. */
function findOwner(ends: Uint32Array, record: number): number {
  let low = 0
  for (let high = ends.length; low < high;) {
    const middle = (low + high) >>> 1
    if ((ends[middle] ?? 0) <= record) low = middle + 1
    else high = middle
  }
  return low
}

/** The name under which a file is listed whose own name does not tell it. */
function findOdd({ odd, nameEnds }: SubdirColumns, file: string): number | undefined {
  for (const [at, row] of odd.rows.entries()) if (textAt(odd.keys, at) === file) return findOwner(nameEnds, row)
  return undefined
}

function describeArtifact(columns: SubdirColumns, record: number, name: string): ListedArtifact {
  const seconds = columns.times[record] ?? 0
  return {
    subdir: columns.subdir,
    name,
    file: fileOf(columns, record, name),
    version: textAt(columns.versionTexts, columns.versions[record] ?? 0),
    build: textAt(columns.builds, record),
    buildNumber: columns.buildNumbers[record] ?? 0,
    size: columns.sizes[record] ?? 0,
    time: seconds === 0 ? undefined : seconds * 1000,
    position: columns.positions[record] ?? 0,
    length: columns.lengths[record] ?? 0,
  }
}

function fileOf({ endings, odd, versionTexts, versions, builds }: SubdirColumns, record: number, name: string): string {
  const ending = endings[record] ?? ODD
  if (ending === ODD) return textAt(odd.keys, odd.rows.indexOf(record))
  return `${name}-${textAt(versionTexts, versions[record] ?? 0)}-${textAt(builds, record)}${ENDINGS[ending] ?? ''}`
}

function* matchNames({ foldedNames, nameEnds }: SubdirColumns, text: string): Generator<{ readonly name: number; readonly fit: Fit }> {
  if (text === '') {
    for (let name = 0; name < nameEnds.length; name += 1) yield { name, fit: 1 }
    return
  }
  const wanted = Buffer.from(text)
  for (const { at, offset } of findContaining(foldedNames, wanted)) {
    const start = startOfText(foldedNames, at)
    const isWhole = offset === 0 && (foldedNames.ends[at] ?? 0) - start === wanted.length
    yield { name: at, fit: isWhole ? 0 : offset === 0 ? 1 : SEPARATORS.has(foldedNames.bytes[start + offset - 1] ?? 0) ? 2 : 3 }
  }
}

const SEPARATORS: ReadonlySet<number> = new Set(Buffer.from('-_.'))
