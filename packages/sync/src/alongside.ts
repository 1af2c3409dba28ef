import { type ChannelUrl, isMirrorError, NOARCH, type SubdirName } from '@mirror/core'
import type { FetchedIndex, RepositoryClient } from '@mirror/repository-client'
import { readRecordRows, type SelectRecordsOptions, type Selection, selectRecords } from '@mirror/selection'
import type { Store } from '@mirror/store'
import type { WantedSubdir } from './options.ts'
import { readUpstreamMemo } from './upstream-memo.ts'

/** A channel that is used together with the one that is synced: what a closure needs may come from there. It is read, and nothing of it is changed. */
export interface AlongsideChannel {
  readonly channel: ChannelUrl
  readonly client: RepositoryClient
  /** Where what was last seen of it is remembered. */
  readonly store: Store
  readonly subdirs: readonly WantedSubdir[]
  /** What is wanted of it, its own closure aside. */
  readonly selection?: Selection
}

/** What the channels alongside have now. */
export interface AlongsideLook {
  /** Changes when any of their indexes does. Empty without such channels. */
  readonly fingerprint: string
  /** Why one of them cannot be read; undefined when all can. */
  readonly fault: string | undefined
  /** Reads what was not read for the look, and answers the records that may be used. */
  readonly read: () => Promise<NonNullable<SelectRecordsOptions['alongside']>>
  readonly close: () => Promise<void>
}

interface Other {
  readonly channel: AlongsideChannel
  readonly subdir: SubdirName
  index: FetchedIndex | undefined
}

/** Asks each of their subdirs, on condition where something is remembered of it, whether it changed. */
export async function lookAlongside(channels: readonly AlongsideChannel[], { now, signal }: { readonly now: number; readonly signal: AbortSignal }): Promise<AlongsideLook> {
  const others: Other[] = []
  const seen: string[] = []
  const close = async (): Promise<void> => {
    for (const { index } of others) await index?.close()
  }
  const look = (fault: string | undefined): AlongsideLook => ({ fingerprint: seen.join('\n'), fault, read: async () => await readAll(others, { now, signal }), close })
  for (const [channel, subdir] of channels.flatMap((each) => subdirsOf(each).map((name) => [each, name] as const))) {
    try {
      const found = await lookAtOther(channel, subdir, signal)
      if (found === undefined) continue
      others.push(found.other)
      seen.push(`${channel.channel.url}/${subdir} ${found.sha256}`)
    } catch (error) {
      if (signal.aborted || !isMirrorError(error)) throw error
      return look(`${channel.channel.url}/${subdir}`)
    }
  }
  return look(undefined)
}

/** Undefined for a subdir that the channel does not have. */
async function lookAtOther(channel: AlongsideChannel, subdir: SubdirName, signal: AbortSignal): Promise<{ readonly other: Other; readonly sha256: string } | undefined> {
  const memo = await readUpstreamMemo(channel.store, subdir)
  const answer = await channel.client.fetchIndex(subdir, { signal, ...(memo === undefined ? {} : { validators: memo.validators }) })
  switch (answer.status) {
    case 'absent':
      return undefined
    case 'not-modified':
      return { other: { channel, subdir, index: undefined }, sha256: memo?.upstream ?? '' }
    case 'fetched':
      return { other: { channel, subdir, index: answer.index }, sha256: answer.index.sha256 }
  }
}

function subdirsOf({ subdirs }: AlongsideChannel): readonly SubdirName[] {
  return [NOARCH, ...subdirs.map(({ subdir }) => subdir).filter((subdir) => subdir !== NOARCH)]
}

async function readAll(others: readonly Other[], { now, signal }: { readonly now: number; readonly signal: AbortSignal }): Promise<NonNullable<SelectRecordsOptions['alongside']>> {
  for (const other of others) {
    if (other.index !== undefined) continue
    const answer = await other.channel.client.fetchIndex(other.subdir, { signal })
    if (answer.status === 'fetched') other.index = answer.index
  }
  return [...Map.groupBy(others, ({ channel }) => channel)].map(([{ channel, selection }, all]) => {
    const indexes = all.flatMap(({ subdir, index }) => (index === undefined ? [] : [{ subdir, source: index.document, layout: index.table }]))
    const { subdirs } = selectRecords(indexes, { ...selection, closure: undefined }, { now, channel: channel.url })
    return { rows: indexes.map((index) => readRecordRows(index)), keep: new Map([...subdirs].map(([subdir, { keep }]) => [subdir, keep])) }
  })
}
