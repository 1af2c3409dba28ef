import { type Artifact, type ArtifactSet, compareTables, createArtifactSet, type IndexTable } from '@mirror/core'
import type { SubdirListing } from './compared-state.ts'

/** How two listings of one subdir differ. */
export interface ListingDifference {
  readonly added: ArtifactSet
  readonly removed: ArtifactSet
  /** Names that both list, with other bytes: as they were, and as they are. */
  readonly changed: { readonly before: ArtifactSet; readonly after: ArtifactSet }
  /** How many records differ while their artifact is the same (a metadata-only change); undefined where one side does not have the records. */
  readonly relisted: number | undefined
  readonly unchanged: number
}

/** Compares what two sides list of a subdir: by name, then by digest and size, then, where both have them, by the records. */
export function compareListings(before: SubdirListing, after: SubdirListing): ListingDifference {
  if (before.table !== undefined && after.table !== undefined) {
    const { added, removed, replaced, relisted, unchanged } = compareTables({ base: before.table, target: after.table })
    return { added, removed, changed: replaced, relisted, unchanged }
  }
  return compareSets(before, after)
}

/** The names of records that differ while their artifact is the same, sorted. Takes a Map of the whole index. */
export function relistedNames(before: IndexTable, after: IndexTable): readonly string[] {
  const known = new Map<string, { readonly row: number; readonly fingerprint: bigint }>()
  for (let row = 0; row < before.rows; row += 1) if (before.artifactAt(row) !== undefined) known.set(before.keyAt(row), { row, fingerprint: before.fingerprintAt(row) })
  const names: string[] = []
  for (let row = 0; row < after.rows; row += 1) {
    const artifact = after.artifactAt(row)
    const old = artifact === undefined ? undefined : known.get(artifact.name)
    if (artifact === undefined || old === undefined || old.fingerprint === after.fingerprintAt(row)) continue
    if (before.artifactAt(old.row)?.digest === artifact.digest) names.push(artifact.name)
  }
  return names.toSorted()
}

function compareSets(before: SubdirListing, after: SubdirListing): ListingDifference {
  const { subdir } = after.artifacts
  const [added, removed, was, is]: [Artifact[], Artifact[], Artifact[], Artifact[]] = [[], [], [], []]
  let unchanged = 0
  for (const pair of join(before.artifacts, after.artifacts)) {
    if (pair.before === undefined) added.push(pair.after)
    else if (pair.after === undefined) removed.push(pair.before)
    else if (isSame(pair, { before, after })) unchanged += 1
    else {
      was.push(pair.before)
      is.push(pair.after)
    }
  }
  const relisted = countRelisted(before, after)
  return {
    added: createArtifactSet(subdir, added), removed: createArtifactSet(subdir, removed), changed: { before: createArtifactSet(subdir, was), after: createArtifactSet(subdir, is) },
    relisted, unchanged: unchanged - (relisted ?? 0),
  }
}

type Pair =
  | { readonly before: Artifact; readonly after: Artifact }
  | { readonly before: Artifact; readonly after: undefined }
  | { readonly before: undefined; readonly after: Artifact }

/** Both sets are sorted by name. */
function* join(left: ArtifactSet, right: ArtifactSet): Generator<Pair> {
  const [olds, news] = [left[Symbol.iterator](), right[Symbol.iterator]()]
  let [old, young] = [olds.next(), news.next()]
  while (old.done !== true || young.done !== true) {
    if (young.done === true || (old.done !== true && old.value.name < young.value.name)) {
      if (old.done !== true) yield { before: old.value, after: undefined }
      old = olds.next()
    } else if (old.done === true || young.value.name < old.value.name) {
      yield { before: undefined, after: young.value }
      young = news.next()
    } else {
      yield { before: old.value, after: young.value }
      old = olds.next()
      young = news.next()
    }
  }
}

function isSame(pair: { readonly before: Artifact; readonly after: Artifact }, listings: { readonly before: SubdirListing; readonly after: SubdirListing }): boolean {
  if (pair.before.digest === pair.after.digest) return true
  const { name } = pair.after
  if (pair.before.digest.startsWith('md5:')) return listings.after.byMd5?.find(name)?.digest === pair.before.digest
  return pair.after.digest.startsWith('md5:') && listings.before.byMd5?.find(name)?.digest === pair.after.digest
}

/** Where both have fingerprints, those that differ, of artifacts with the same bytes; none where the documents are the same. */
function countRelisted(before: SubdirListing, after: SubdirListing): number | undefined {
  if (before.document !== undefined && before.document === after.document) return 0
  if (before.records === undefined || after.records === undefined) return undefined
  const { records: olds } = before
  let count = 0
  for (const artifact of after.artifacts) {
    const old = isRelisted(artifact.name, olds, after.records) ? before.artifacts.find(artifact.name) : undefined
    if (old !== undefined && isSame({ before: old, after: artifact }, { before, after })) count += 1
  }
  return count
}

function isRelisted(name: string, olds: ReadonlyMap<string, string>, news: ReadonlyMap<string, string>): boolean {
  const [old, young] = [olds.get(name), news.get(name)]
  return old !== undefined && young !== undefined && old !== young
}
