import { type DiskStore, noteLocalRun, type VerifyFault } from '@mirror/store'
import { repairChannel, type RepairReport } from '@mirror/sync'
import { createRuntime } from '../runtime.ts'
import { createSpoolFolder } from '../spool-folder.ts'
import { isInstallers, type MirroredChannel } from './find-channels.ts'
import { repairInstallers } from './sync-installers.ts'
import type { VerifyOneOptions } from './verify.ts'

/** Upstream is asked where the configuration names it; a folder alone is repaired as far as it has copies. */
export async function repairOne({ channel, folder, root }: MirroredChannel, faults: readonly VerifyFault[], { session, openStore }: VerifyOneOptions): Promise<RepairReport | undefined> {
  const { config, renderer, signal } = session
  const observe: Parameters<typeof repairChannel>[0]['observe'] = (event) => renderer.render({ type: 'sync', channel, event })
  const upstream = config.channels.find((candidate) => candidate.channel.url === channel && candidate.channel.folder === folder)?.channel
  const runtime = await createRuntime(config, session.env)
  await using spool = await createSpoolFolder(config.mirrorDir, false)
  if (isInstallers({ folder })) return await repairInstallers({ session, runtime, spool, dryRun: false })
  await using client = upstream === undefined ? undefined : runtime.openClient(upstream, { spoolFolder: spool.path, observe })
  const store = openStore(root)
  const before = await store.head()
  const report = await repairChannel({ store, faults, spoolFolder: spool.path, concurrency: config.concurrency, signal, observe, ...(client === undefined ? {} : { client }) })
  if (report !== undefined && report.generation !== before?.number) await noteRepair(store, report, session.now())
  return report
}

async function noteRepair(store: DiskStore, { generation, fetched }: RepairReport, now: number): Promise<void> {
  await noteLocalRun(store, { command: 'verify --repair', generation, added: 0, removed: 0, fetchedBytes: fetched.bytes }, now)
}
