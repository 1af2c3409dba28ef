import type { ArtifactSet } from '@mirror/core'
import { deltaPath } from '@mirror/delta'
import type { ChannelDifference, ListingDifference, SubdirDifference } from '@mirror/difftar'
import { formatBytes, formatCount, formatNoun, formatTable } from './format.ts'

/** How differences are told. */
export interface DescribeDifferencesOptions {
  /** The two sides, for people. */
  readonly before: string
  readonly after: string
  /** Name every artifact. */
  readonly list: boolean
}

/** What differs, in words: a row for each subdir that differs, and with `list` a line for each artifact. Ends with a line feed. */
export function describeDifferences(channels: readonly ChannelDifference[], { before, after, list }: DescribeDifferencesOptions): string {
  const heading = `from ${before}\nto   ${after}\n`
  const changed = channels.filter(({ status }) => status !== 'same')
  if (changed.length === 0) return `${heading}Nothing differs${channels.length === 0 ? ': no channel is on both sides' : ''}.\n`
  const total = channels.flatMap(({ subdirs }) => subdirs.flatMap(({ listing }) => (listing === undefined ? [] : [listing])))
  const subdirs = changed.flatMap(describeChannel)
  const rows = [...subdirs, ...(subdirs.length > 1 ? [['total', '', ...describeCounts(sumUp(total))]] : [])]
  const table = formatTable([['channel', 'subdir', 'added', 'size', 'removed', 'size', 'changed', 're-listed'], ...rows], 2)
  return `${heading}${table}\n${changed.flatMap(describeNotes).map((line) => `${line}\n`).join('')}${list ? changed.flatMap((channel) => [...listChannel(channel)]).map((line) => `${line}\n`).join('') : ''}`
}

const STATUS: Readonly<Partial<Record<SubdirDifference['status'] | ChannelDifference['status'], string>>> = { added: ' (new)', removed: ' (gone)' }

function nameOf(folder: string): string {
  return folder === '' ? '(root)' : folder
}

function describeChannel({ folder, status, subdirs }: ChannelDifference): readonly (readonly string[])[] {
  return subdirs.filter((subdir) => subdir.status !== 'same').map((subdir) => [
    `${nameOf(folder)}${STATUS[status] ?? ''}`, `${subdir.subdir}${status === 'changed' ? STATUS[subdir.status] ?? '' : ''}`, ...(subdir.listing === undefined ? ['?', '?', '?', '?', '?', '?'] : describeCounts(countListing(subdir.listing))),
  ])
}

interface Counts {
  readonly added: number
  readonly addedBytes: number
  readonly removed: number
  readonly removedBytes: number
  readonly changed: number
  /** Undefined where it is not known. */
  readonly relisted: number | undefined
}

function countListing({ added, removed, changed, relisted }: ListingDifference): Counts {
  return { added: added.count, addedBytes: added.bytes, removed: removed.count, removedBytes: removed.bytes, changed: changed.after.count, relisted }
}

function sumUp(listings: readonly ListingDifference[]): Counts {
  const all = listings.map(countListing)
  const sum = (read: (counts: Counts) => number): number => all.reduce((total, counts) => total + read(counts), 0)
  return {
    added: sum(({ added }) => added), addedBytes: sum(({ addedBytes }) => addedBytes), removed: sum(({ removed }) => removed), removedBytes: sum(({ removedBytes }) => removedBytes), changed: sum(({ changed }) => changed),
    relisted: all.some(({ relisted }) => relisted === undefined) ? undefined : sum(({ relisted }) => relisted ?? 0),
  }
}

function describeCounts({ added, addedBytes, removed, removedBytes, changed, relisted }: Counts): readonly string[] {
  return [formatCount(added), formatBytes(addedBytes), formatCount(removed), formatBytes(removedBytes), formatCount(changed), relisted === undefined ? '?' : formatCount(relisted)]
}

function describeNotes({ folder, subdirs, files }: ChannelDifference): readonly string[] {
  return [
    ...subdirs.filter(({ status }) => status === 'unknown').map(({ subdir }) => `${nameOf(folder)}: ${subdir} differs, and the delta does not carry its index, because it does not change it`),
    ...subdirs.filter(({ status, listing }) => status !== 'same' && listing !== undefined && listing.relisted === undefined).map(({ subdir }) => `${nameOf(folder)}: ${subdir}: a reference does not have the records, so how many were re-listed is not known`),
    ...(files.length === 0 ? [] : [`${nameOf(folder)}: ${formatNoun(files.length, 'other file')} differ${files.length === 1 ? 's' : ''}: ${files.slice(0, 5).map(({ path }) => path).join(', ')}${files.length > 5 ? ', …' : ''}`]),
  ]
}

function* listChannel({ folder, subdirs, files }: ChannelDifference): Generator<string> {
  for (const subdir of subdirs) yield* listSubdir(deltaPath(folder, subdir.subdir), subdir)
  for (const { path, before, after } of files) yield `${before === undefined ? '+' : after === undefined ? '-' : '!'} ${deltaPath(folder, path)}`
}

function* listSubdir(place: string, { listing, relisted = [] }: SubdirDifference): Generator<string> {
  if (listing === undefined) return
  const { added, removed, changed } = listing
  for (const { name, size } of added) yield `+ ${place}/${name} (${formatBytes(size)})`
  for (const { name, size } of removed) yield `- ${place}/${name} (${formatBytes(size)})`
  for (const { name, size } of changed.after) yield `! ${place}/${name} (${formatBytes(changed.before.find(name)?.size ?? 0)}, now ${formatBytes(size)})`
  for (const name of relisted) yield `~ ${place}/${name}`
}

/** A difference as plain data; with `list` with every artifact. */
export function summarizeDifference({ folder, status, subdirs, files }: ChannelDifference, list: boolean): Readonly<Record<string, unknown>> {
  return {
    folder, status,
    files: files.map(({ path, before, after }) => ({ path, status: before === undefined ? 'added' : after === undefined ? 'removed' : 'changed', before: before?.sha256, after: after?.sha256 })),
    subdirs: subdirs.map(({ subdir, status: own, listing, relisted }) => ({
      subdir, status: own,
      ...(listing === undefined ? {} : {
        ...countListing(listing), changedBytes: listing.changed.after.bytes, relisted: listing.relisted ?? null, unchanged: listing.unchanged,
        ...(list ? { names: { added: plain(listing.added), removed: plain(listing.removed), changed: plain(listing.changed.after), changedFrom: plain(listing.changed.before), relisted: relisted ?? [] } } : {}),
      }),
    })),
  }
}

function plain(set: ArtifactSet): readonly { readonly name: string; readonly size: number; readonly digest: string }[] {
  return [...set].map(({ name, size, digest }) => ({ name, size, digest }))
}
