import { createArtifactSet, type SubdirName } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { compareListings, type ListingDifference, relistedNames } from './compare-listings.ts'
import type { ComparedChannel, ComparedState, ComparedSubdir, ReadListingOptions, SubdirListing } from './compared-state.ts'

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
  for (const pair of pairChannels(before, after)) yield await compareChannel(pair, { names, signal })
}

async function compareChannel(pair: ChannelPair, options: CompareSubdirOptions): Promise<ChannelDifference> {
  const subdirs: SubdirDifference[] = []
  for (const subdir of subdirsOf(pair)) {
    options.signal?.throwIfAborted()
    const found = await compareSubdir({ subdir, before: findSubdir(pair.before, subdir), after: findSubdir(pair.after, subdir) }, options)
    if (found !== undefined) subdirs.push(found)
  }
  const files = compareFiles(pair)
  return { folder: (pair.after ?? pair.before)?.folder ?? '', subdirs, files, status: statusOf(pair, files.length === 0 && subdirs.every(({ status }) => status === 'same')) }
}

function statusOf({ before, after }: ChannelPair, isSame: boolean): ChannelDifference['status'] {
  if (before === undefined) return 'added'
  if (after === undefined) return 'removed'
  return isSame ? 'same' : 'changed'
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
  const same: SubdirDifference = { subdir, status: 'same', listing: undefined, relisted: undefined }
  if (haveSameDocument(before, after)) return same
  const { old, young } = await readBoth(before, after, signal)
  return isDocumentOf(old, after) || isDocumentOf(young, before) ? same : judgeSides(subdir, { old, young }, names)
}

function judgeSides(subdir: SubdirName, { old, young }: ReadSides, names: boolean): SubdirDifference | undefined {
  if (old === 'absent' && young === 'absent') return undefined
  if (old === 'unknown' || young === 'unknown') return { subdir, status: 'unknown', listing: undefined, relisted: undefined }
  if (old === 'absent' || young === 'absent') return describeOne(subdir, old, young)
  const listing = compareListings(old, young)
  return { subdir, listing, status: isEmpty(listing, old, young) ? 'same' : 'changed', relisted: names ? nameRelisted(listing, old, young) : undefined }
}

function haveSameDocument(before: ComparedSubdir | undefined, after: ComparedSubdir | undefined): boolean {
  return before?.document !== undefined && before.document === after?.document
}

/** What was read turns out to be the document that the other side names, which may not be able to say more. */
function isDocumentOf(listing: ReadSides['old'], side: ComparedSubdir | undefined): boolean {
  return typeof listing !== 'string' && listing.document !== undefined && listing.document === side?.document
}

interface ReadSides {
  readonly old: Awaited<ReturnType<ComparedSubdir['read']>>
  readonly young: Awaited<ReturnType<ComparedSubdir['read']>>
}

/** A side that knows md5 alone, or has fingerprints, says so when it is read; then the other one is read for that. */
async function readBoth(before: ComparedSubdir | undefined, after: ComparedSubdir | undefined, signal: AbortSignal | undefined): Promise<ReadSides> {
  const plain = { md5: false, records: false, signal }
  const old = await readSide(before, plain)
  const young = await readSide(after, needsOf(old, plain))
  const needs = needsOf(young, plain)
  const isReadAgain = typeof old !== 'string' && old.table !== undefined && (needs.md5 || needs.records)
  return { old: isReadAgain ? await readSide(before, needs) : old, young }
}

async function readSide(side: ComparedSubdir | undefined, options: ReadListingOptions): Promise<ReadSides['old']> {
  return side === undefined ? 'absent' : await side.read(options)
}

function needsOf(other: ReadSides['old'], plain: ReadListingOptions): ReadListingOptions {
  return typeof other === 'string' ? plain : { ...plain, md5: other.isWeak, records: other.records !== undefined && other.table === undefined }
}

function nameRelisted({ relisted = 0 }: ListingDifference, before: SubdirListing, after: SubdirListing): readonly string[] | undefined {
  return before.table === undefined || after.table === undefined || relisted === 0 ? undefined : relistedNames(before.table, after.table)
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
  const isUnsaid = [before, after].some((channel) => channel !== undefined && channel.files === undefined)
  if (isUnsaid) return []
  const [old, young] = [listFiles(before), listFiles(after)]
  const paths = [...new Set([...old.keys(), ...young.keys()])].toSorted()
  return paths.filter((path) => old.get(path)?.sha256 !== young.get(path)?.sha256).map((path) => ({ path, before: old.get(path), after: young.get(path) }))
}

function listFiles(channel: ComparedChannel | undefined): ReadonlyMap<string, PublishedFile> {
  return new Map((channel?.files ?? []).map((file) => [file.path, file]))
}
