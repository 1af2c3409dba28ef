import { type ChannelUrl, MirrorError, NOARCH } from '@mirror/core'
import type { RepositoryClient } from '@mirror/repository-client'
import { explainRecord, type RecordExplanation, type Selection, selectRecords } from '@mirror/selection'
import type { WantedSubdir } from './options.ts'

/** What `explainArtifact` needs to know. */
export interface ExplainOptions {
  readonly channel: ChannelUrl
  readonly client: RepositoryClient
  readonly subdirs: readonly WantedSubdir[]
  readonly noarch?: boolean
  /** Default: everything is wanted. */
  readonly selection?: Selection
  /** Default: the system's. */
  readonly now?: () => number
  readonly signal?: AbortSignal
}

/** Why a channel's mirror has an artifact or not. */
export interface Explanation {
  readonly channel: string
  readonly artifact: string
  /** One for each subdir whose index lists it; empty when none does. */
  readonly records: readonly RecordExplanation[]
  /** Odd things about the selection as a whole. */
  readonly notes: readonly string[]
}

/**
 * Says which rule decides about an artifact, given by its file name, and what depends on it: as upstream is now, without looking at a store and without writing anything.
 * `<subdir>/<file name>` asks about one subdir alone. Throws what reading an index throws, `CLOSURE_UNSOLVABLE`, and `CHANNEL_NOT_FOUND`.
 */
export async function explainArtifact(artifact: string, options: ExplainOptions): Promise<Explanation> {
  const { channel, client, signal, selection = {}, now = Date.now } = options
  const [name = '', subdirName] = artifact.split('/').toReversed()
  const subdirs = wantedSubdirs(options)
  const fetched = []
  try {
    for (const subdir of subdirs) {
      const answer = await client.fetchIndex(subdir, signal === undefined ? {} : { signal })
      if (answer.status === 'fetched') fetched.push({ subdir, index: answer.index })
    }
    if (fetched.length === 0) throw new MirrorError('CHANNEL_NOT_FOUND', `Cannot explain ${artifact}: ${channel.url} has none of the subdirs asked for`)
    const indexes = fetched.map(({ subdir, index }) => ({ subdir, source: index.document, layout: index.table }))
    const selected = selectRecords(indexes, selection, { now: now(), channel: channel.url })
    const records = explainRecord(name, { indexes, selected, channel: channel.url }).filter(({ subdir }) => subdirName === undefined || subdir === subdirName)
    return { channel: channel.url, artifact, records, notes: selected.notes }
  } finally {
    for (const { index } of fetched) await index.close()
  }
}

function wantedSubdirs({ subdirs, noarch = true }: ExplainOptions): readonly WantedSubdir['subdir'][] {
  const names = subdirs.map(({ subdir }) => subdir).filter((subdir) => subdir !== NOARCH)
  return noarch ? [NOARCH, ...names] : names
}
