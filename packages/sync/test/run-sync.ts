import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseChannelUrl, parseSubdirName } from '@mirror/core'
import { createRepositoryClient } from '@mirror/repository-client'
import { createDiskStore } from '@mirror/store'
import { syncChannel, type SyncEvent, type SyncOptions, type SyncReport } from '../src/index.ts'

/** One run: what it reported and what it told. */
export interface Run {
  readonly report: SyncReport
  readonly events: readonly SyncEvent[]
}

/** One run from any channel, a URL or a folder, into a mirror. */
export async function runSync(url: string, { folder, mirror }: { readonly folder: string; readonly mirror: string }, options: Partial<SyncOptions> = {}): Promise<Run> {
  const channel = parseChannelUrl(url, { folder: 'channel' })
  const spoolFolder = await mkdtemp(join(folder, 'spool-'))
  const client = createRepositoryClient({ channel, spoolFolder, retry: { base: 1, maximum: 5 } })
  const events: SyncEvent[] = []
  try {
    const report = await syncChannel({
      channel, client, spoolFolder,
      store: createDiskStore({ root: mirror }),
      subdirs: [{ subdir: parseSubdirName('linux-64'), required: true }],
      observe: (event) => { events.push(event) },
      ...options,
    })
    return { report, events }
  } finally {
    await client.close()
    await rm(spoolFolder, { recursive: true, force: true })
  }
}
