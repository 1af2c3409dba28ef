import { createArtifactSet, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { compareListings, type ListingDifference, relistedNames } from './compare-listings.ts'
import type { ComparedChannel, ComparedState, ComparedSubdir, SubdirListing } from './compared-state.ts'

/** How one subdir differs. */
export interface SubdirDifference {
  readonly subdir: SubdirName
  /**
   * `same`: the same index, or one that lists the same; `changed`; `added` and `removed`: only one side has it; `unknown`: the indexes differ, and one side cannot say what it lists (of a delta, the index of a subdir that it does not
   * change).
   */
  readonly status: 'same' | 'changed' | 'added' | 'removed' | 'unknown'
  /** Undefined where the indexes are the same, or nobody knows. */
  readonly listing: ListingDifference | undefined
  /** Names of records that differ while their artifact is the same, where they were asked for and both sides have the records. */
  readonly relisted: readonly string[] | undefined
}

/** How a plain file differs. */
export interface FileDifference {
  readonly path: string
  readonly before: PublishedFile | undefined
  readonly after: PublishedFile | undefined
}

/** How one channel differs. */
export interface ChannelDifference {
  readonly folder: string
  readonly status: 'same' | 'changed' | 'added' | 'removed'
  /** Sorted by name; those that are the same are among them. */
  readonly subdirs: readonly SubdirDifference[]
  readonly files: readonly FileDifference[]
}

/** Options of `compareStates`. */
export interface CompareStatesOptions {
  readonly before: ComparedState
  readonly after: ComparedState
  /** Find the names of re-listed records, too, which takes memory. Default false. */
  readonly names?: boolean | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds what differs between two states, channel by channel and subdir by subdir, in order; one subdir is held in memory at a time. Channels belong together by their folder; one that stands alone (upstream, the folder of a channel) is
 * compared with the only one of the other side. Throws `CHANNELS_UNMATCHED` where it is not clear which belong together, and what reading a side throws.
 */
export async function* compareStates({ before, after, names = false, signal }: CompareStatesOptions): AsyncGenerator<ChannelDifference> {
  for (const pair of pairChannels(before, after)) {
    const subdirs: SubdirDifference[] = []
    for (const subdir of subdirsOf(pair)) {
      signal?.throwIfAborted()
      const found = await compareSubdir({ subdir, before: findSubdir(pair.before, subdir), after: findSubdir(pair.after, subdir) }, { names, signal })
      if (found !== undefined) subdirs.push(found)
    }
    const files = compareFiles(pair)
    const isSame = files.length === 0 && subdirs.every(({ status }) => status === 'same')
    yield { folder: (pair.after ?? pair.before)?.folder ?? '', subdirs, files, status: pair.before === undefined ? 'added' : pair.after === undefined ? 'removed' : isSame ? 'same' : 'changed' }
  }
}

interface ChannelPair {
  readonly before: ComparedChannel | undefined
  readonly after: ComparedChannel | undefined
}

function pairChannels(before: ComparedState, after: ComparedState): readonly ChannelPair[] {
  const [old, young] = [before.channels[0], after.channels[0]]
  if ((isAlone(before) || isAlone(after)) && before.channels.length === 1 && after.channels.length === 1) return [{ before: old, after: young }]
  const folders = [...new Set([...before.channels, ...after.channels].map(({ folder }) => folder))].toSorted()
  const pairs = folders.map((folder) => ({ before: before.channels.find((channel) => channel.folder === folder), after: after.channels.find((channel) => channel.folder === folder) }))
  const isMatched = pairs.some((pair) => pair.before !== undefined && pair.after !== undefined)
  if ((isAlone(before) || isAlone(after)) && before.channels.length > 0 && after.channels.length > 0 && !isMatched) throw unmatched(before, after)
  return pairs.filter((pair) => !(pair.before === undefined && before.isPartial) && !(pair.after === undefined && after.isPartial))
}

/** One channel that does not say where it lies in a mirror. */
function isAlone({ kind, channels }: ComparedState): boolean {
  return channels.length === 1 && (kind === 'channel' || channels[0]?.folder === '')
}

function unmatched(before: ComparedState, after: ComparedState): Error {
  const [alone, other] = isAlone(before) ? [before, after] : [after, before]
  const folders = other.channels.map(({ folder }) => folder)
  const shown = `${folders.slice(0, 5).join(', ')}${folders.length > 5 ? ` and ${folders.length - 5} more` : ''}`
  return difftarError('CHANNELS_UNMATCHED', `Cannot compare ${alone.label} with ${other.label}: that has other channels (${shown})`, {
    hint: 'Name one channel of it: its folder in the mirror, or --channel.', details: { channels: folders },
  })
}

function subdirsOf({ before, after }: ChannelPair): readonly SubdirName[] {
  return [...new Set([...before?.subdirs ?? [], ...after?.subdirs ?? []].map(({ subdir }) => subdir))].toSorted()
}

function findSubdir(channel: ComparedChannel | undefined, subdir: SubdirName): ComparedSubdir | undefined {
  return channel?.subdirs.find((one) => one.subdir === subdir)
}

interface SubdirPair {
  readonly subdir: SubdirName
  readonly before: ComparedSubdir | undefined
  readonly after: ComparedSubdir | undefined
}

interface CompareSubdirOptions {
  readonly names: boolean
  readonly signal: AbortSignal | undefined
}

/** Undefined where neither side has the subdir after all. */
async function compareSubdir({ subdir, before, after }: SubdirPair, { names, signal }: CompareSubdirOptions): Promise<SubdirDifference | undefined> {
  if (before?.document !== undefined && before.document === after?.document) return { subdir, status: 'same', listing: undefined, relisted: undefined }
  // A side that knows md5 alone, or has fingerprints, says so before the other one is read.
  const plain = { md5: false, records: false, signal }
  const old = await before?.read(plain) ?? 'absent'
  const needs = old === 'absent' || old === 'unknown' ? plain : { md5: old.isWeak, records: old.records !== undefined, signal }
  const young = await after?.read(needs) ?? 'absent'
  if (old === 'absent' && young === 'absent') return undefined
  if (old === 'unknown' || young === 'unknown') return { subdir, status: 'unknown', listing: undefined, relisted: undefined }
  if (old === 'absent' || young === 'absent') return describeOne(subdir, old, young)
  const isDemanding = young.isWeak || young.records !== undefined
  const again = isDemanding && old.table !== undefined && before !== undefined ? await before.read({ md5: young.isWeak, records: young.records !== undefined, signal }) : old
  const whole = again === 'absent' || again === 'unknown' ? old : again
  const listing = compareListings(whole, young)
  const isNamed = names && whole.table !== undefined && young.table !== undefined && (listing.relisted ?? 0) > 0
  return { subdir, listing, status: isEmpty(listing, whole, young) ? 'same' : 'changed', relisted: isNamed && whole.table !== undefined && young.table !== undefined ? relistedNames(whole.table, young.table) : undefined }
}

/** Records that cannot be compared may differ where the documents do. */
function isEmpty({ added, removed, changed, relisted }: ListingDifference, before: SubdirListing, after: SubdirListing): boolean {
  const isSameListing = added.count + removed.count + changed.after.count + (relisted ?? 0) === 0
  const isSameDocument = before.document === undefined || after.document === undefined || before.document === after.document
  return isSameListing && (relisted !== undefined || isSameDocument)
}

function describeOne(subdir: SubdirName, before: SubdirListing | 'absent', after: SubdirListing | 'absent'): SubdirDifference {
  const none = createArtifactSet(subdir, [])
  const listing = {
    added: after === 'absent' ? none : after.artifacts, removed: before === 'absent' ? none : before.artifacts, changed: { before: none, after: none }, relisted: 0, unchanged: 0,
  }
  return { subdir, status: before === 'absent' ? 'added' : 'removed', listing, relisted: undefined }
}

function compareFiles({ before, after }: ChannelPair): readonly FileDifference[] {
  const isUnsaid = (before !== undefined && before.files === undefined) || (after !== undefined && after.files === undefined)
  if (isUnsaid) return []
  const [old, young] = [before?.files ?? [], after?.files ?? []].map((files) => new Map(files.map((file) => [file.path, file] as const)))
  const paths = [...new Set([...old?.keys() ?? [], ...young?.keys() ?? []])].toSorted()
  return paths.filter((path) => old?.get(path)?.sha256 !== young?.get(path)?.sha256).map((path) => ({ path, before: old?.get(path), after: young?.get(path) }))
}
