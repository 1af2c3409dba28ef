import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseChannelUrl, type SubdirName } from '@mirror/core'
import { createRepositoryClient, type RepositoryClient } from '@mirror/repository-client'
import { compareArtifacts, listSubdirs } from '@mirror/store'
import type { SyncOptions, SyncStore } from '../options.ts'
import type { FailedArtifact, SyncReport } from '../report.ts'
import { syncChannel } from '../sync-channel.ts'

/** What `adoptChannel` needs to know. */
export interface AdoptOptions extends Pick<SyncOptions, 'spoolFolder' | 'variants' | 'partial' | 'dryRun' | 'grace' | 'limits' | 'signal' | 'observe'> {
  /** The folder of the tree that another tool made. */
  readonly root: string
  /** The store in that very folder. */
  readonly store: SyncStore
}

/**
 * Takes over a tree as it lies: its index documents become the newest generation, byte for byte, and whatever they list is verified. Nothing is fetched, and nothing that is not a stale
 * variant is deleted. Artifacts that are missing or wrong are `failed` in the report; their subdirs are held unless `partial` publishes them without. Later syncs repair them. Throws as
 * `syncChannel` does.
 */
export async function adoptChannel({ root, store, ...options }: AdoptOptions): Promise<SyncReport> {
  const { href } = pathToFileURL(resolve(root))
  const channel = parseChannelUrl(href, { folder: 'channel' })
  await using client = createRepositoryClient({ channel, spoolFolder: options.spoolFolder })
  const subdirs = listSubdirs(root)
  const report = await syncChannel({ ...options, channel, client, store: withoutMemos(store), subdirs: subdirs.map((subdir) => ({ subdir, required: false })), adopt: true })
  if (options.dryRun !== true || report.status !== 'planned') return report
  return { ...report, failed: await findWrong({ root, client, subdirs, signal: options.signal }) }
}

const CODES = { missing: 'ARTIFACT_MISSING', size: 'SIZE_MISMATCH', digest: 'DIGEST_MISMATCH', 'not-a-file': 'STORE_UNSAFE_PATH', 'stale-variant': 'INDEX_UNREADABLE' } as const
const REASONS = { missing: 'is missing', size: 'has another size', digest: 'has other bytes', 'not-a-file': 'is not a plain file', 'stale-variant': 'is stale' } as const

/** For a dry run: compares what the indexes list with what lies there, and writes nothing. */
async function findWrong({ root, client, subdirs, signal }: {
  readonly root: string; readonly client: RepositoryClient; readonly subdirs: readonly SubdirName[]; readonly signal: AbortSignal | undefined
}): Promise<SyncReport['failed']> {
  const failed: FailedArtifact[] = []
  for (const subdir of subdirs) {
    const answer = await client.fetchIndex(subdir, signal === undefined ? {} : { signal })
    if (answer.status !== 'fetched') continue
    const faults = await compareArtifacts({ root, sets: [answer.index.table.artifacts()], ...(signal === undefined ? {} : { signal }) })
    for (const { path, fault } of faults) failed.push({ subdir, name: path.slice(subdir.length + 1), code: CODES[fault], reason: `${path} ${REASONS[fault]}` })
    await answer.index.close()
  }
  return failed
}

/** What is remembered is about upstream: the state of these files must not be taken for its. */
function withoutMemos(store: SyncStore): SyncStore {
  return { ...store, readMemo: async () => undefined, writeMemo: async () => undefined }
}
