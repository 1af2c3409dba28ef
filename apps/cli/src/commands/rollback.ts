import { MirrorError } from '@mirror/core'
import { type DiskStore, type Generation, noteLocalRun, type Snapshot } from '@mirror/store'
import { rollbackChannel, type RollbackReport } from '@mirror/sync'
import type { CliErrorCode } from '../error-codes.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { createStoreOpener, type OpenStore } from '../open-store.ts'
import { formatBytes, formatCount, formatNoun, formatTable, formatTime } from '../render/format.ts'
import { createSpoolFolder } from '../spool-folder.ts'
import { finish, forEachChannel, type Outcome } from './each-channel.ts'
import { listChannels, type MirroredChannel } from './find-channels.ts'
import type { Session } from './session.ts'

/** Publishes an older state again, or lists those there are. With several channels nothing is changed unless all of them can go back. */
export async function runRollback(session: Session): Promise<ExitCode> {
  const { config, flags, renderer } = session
  const openStore = await createStoreOpener(config)
  const channels = listChannels(session)
  renderer.render({ type: 'run-started', command: 'rollback', mirror: config.mirrorDir, config: config.file, channels: channels.length })
  if (flags.list) return await listGenerations(session, channels, openStore)
  const to = readTarget(session, channels)
  const planned = await rollbackAll(session, channels, { openStore, to, dryRun: true })
  if (flags.dryRun || planned.some(({ error }) => error !== undefined) || session.signal.aborted) return finish(session, planned, { describe: describeRollback, exitOf: () => 0 })
  return finish(session, await rollbackAll(session, channels, { openStore, to, dryRun: false }), {
    describe: describeRollback, exitOf: () => 0,
    more: { text: 'The next sync brings the state of upstream back. Until then, do not let one run.\n', fields: {} },
  })
}

/** Numbers are a channel's own. A snapshot's name may be that of several. Throws `USAGE`. */
function readTarget({ flags }: Session, channels: readonly MirroredChannel[]): number | string | undefined {
  const { to } = flags
  const number = to !== undefined && /^\d+$/.test(to) ? Number(to) : undefined
  if (channels.length > 1 && (to === undefined || number !== undefined)) {
    throw new MirrorError<CliErrorCode>('USAGE', 'Cannot roll back several channels to one generation: each counts its own', {
      hint: 'Name the channel with --channel, or a snapshot that all of them have with --to.',
    })
  }
  return number ?? to
}

interface RollbackAllOptions {
  readonly openStore: OpenStore
  readonly to: number | string | undefined
  readonly dryRun: boolean
}

async function rollbackAll(session: Session, channels: readonly MirroredChannel[], { openStore, to, dryRun }: RollbackAllOptions): Promise<readonly Outcome<RollbackReport>[]> {
  const { config, renderer, signal } = session
  await using spool = await createSpoolFolder(config.mirrorDir, dryRun)
  return await forEachChannel(session, channels, async ({ channel, root }) => {
    const store = openStore(root)
    const report = await rollbackChannel({
      store, spoolFolder: spool.path, dryRun, signal, observe: (event) => renderer.render({ type: 'sync', channel, event }), ...(to === undefined ? {} : { to }),
    })
    const { status, generation, totals } = report
    if (status === 'committed') await noteLocalRun(store, { command: `rollback to ${report.to}`, generation, added: totals.add, removed: totals.remove, reused: totals.reused, relisted: totals.relisted }, session.now())
    return report
  })
}

function describeRollback(channel: string, { status, from, to, generation, subdirs }: RollbackReport): string {
  if (status === 'unchanged') return `${channel}: is as generation ${to} was\n`
  const first = status === 'planned' ? `would publish generation ${to} again; now it is ${from}` : `generation ${generation} is what generation ${to} was; before it was ${from}`
  const lines = subdirs.map(({ subdir, add, remove, reused, relisted, withdrawn }) => `  ${subdir}${withdrawn ? ' goes' : ''}: ${[
    `${formatCount(add)} back`, `${formatCount(remove)} away`, ...(reused > 0 ? [`${formatCount(reused)} with the bytes of then`] : []), ...(relisted > 0 ? [`${formatCount(relisted)} re-listed`] : []),
  ].join(', ')}`)
  return `${[`${channel}: ${first}`, ...lines].join('\n')}\n`
}

/** A generation that can be rolled back to. */
interface ListedGeneration {
  readonly number: number
  readonly created: string
  readonly state: string
  readonly artifacts: number
  readonly bytes: number
  readonly snapshots: readonly string[]
}

async function listGenerations(session: Session, channels: readonly MirroredChannel[], openStore: OpenStore): Promise<ExitCode> {
  const outcomes = await forEachChannel(session, channels, async ({ root }) => ({ generations: await readGenerations(openStore(root)) }))
  return finish(session, outcomes, { describe: (channel, { generations }) => describeGenerations(channel, generations), exitOf: () => 0 })
}

/** What a store keeps, newest first. */
export async function readGenerations(store: DiskStore): Promise<readonly ListedGeneration[]> {
  const snapshots = await store.snapshots()
  return (await store.generations()).map((generation) => listGeneration(generation, snapshots))
}

function listGeneration({ number, created, id, state }: Generation, snapshots: readonly Snapshot[]): ListedGeneration {
  return {
    number, created, state: id,
    artifacts: state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.count, 0),
    bytes: state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.bytes, 0),
    snapshots: snapshots.filter(({ generation }) => generation === number).map(({ name }) => name),
  }
}

function describeGenerations(channel: string, generations: readonly ListedGeneration[]): string {
  if (generations.length === 0) return `${channel}: nothing is published\n`
  const rows = generations.map(({ number, created, artifacts, bytes, snapshots }, index) => [
    `  ${number}`, formatTime(created), [...(index === 0 ? ['published now'] : []), ...snapshots].join(', '), formatNoun(artifacts, 'artifact'), formatBytes(bytes),
  ])
  return `${channel}:\n${formatTable(rows, 3)}\n`
}
