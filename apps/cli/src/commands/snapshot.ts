import { MirrorError } from '@mirror/core'
import { assertSnapshotName, type DiskStore, type Snapshot } from '@mirror/store'
import type { CliErrorCode } from '../error-codes.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { createStoreOpener, type OpenStore } from '../open-store.ts'
import { formatTable, formatTime } from '../render/format.ts'
import { finish, forEachChannel } from './each-channel.ts'
import { listChannels, type MirroredChannel } from './find-channels.ts'
import type { Session } from './session.ts'

/** What came of one channel. */
interface SnapshotReport {
  readonly status: 'created' | 'removed' | 'listed' | 'absent' | 'planned'
  readonly snapshots: readonly Snapshot[]
  /** Names whose file cannot be read: while there are any, every generation is kept. */
  readonly damaged: readonly string[]
}

/** Names a generation in every channel, takes a name away, or lists the names. */
export async function runSnapshot(session: Session): Promise<ExitCode> {
  const { config, flags, renderer } = session
  const { action = 'list', name } = flags.words
  const act = ACTIONS[action === 'create' || action === 'delete' ? action : 'list']
  const openStore = await createStoreOpener(config)
  const channels = listChannels(session)
  renderer.render({ type: 'run-started', command: 'snapshot', mirror: config.mirrorDir, config: config.file, channels: channels.length })
  return await act(session, { channels, openStore, name })
}

interface ActOptions {
  readonly channels: readonly MirroredChannel[]
  readonly openStore: OpenStore
  readonly name: string | undefined
}

const ACTIONS = { create: createAll, delete: removeAll, list: listAll } as const

function requireName(name: string | undefined, action: string): string {
  if (name === undefined) throw new MirrorError<CliErrorCode>('USAGE', `Cannot ${action} a snapshot: it has no name`, { hint: `Use \`mirror snapshot ${action} NAME\`.` })
  assertSnapshotName(name)
  return name
}

/** All channels or none: a name that is taken in one of them is refused before anything is named. */
async function createAll(session: Session, { channels, openStore, name: given }: ActOptions): Promise<ExitCode> {
  const name = requireName(given, 'create')
  const { flags } = session
  const generation = readGeneration(session, channels)
  for (const { channel, root } of channels) {
    const taken = (await openStore(root).snapshots()).find((snapshot) => snapshot.name === name)
    if (taken !== undefined) throw exists(channel, taken)
  }
  const outcomes = await forEachChannel(session, channels, async ({ channel, root }): Promise<SnapshotReport> => {
    const store = openStore(root)
    if (flags.dryRun) return await planSnapshot(store, { name, generation, now: session.now() })
    const result = await store.createSnapshot(name, generation)
    if (result.status === 'busy') throw locked()
    if (result.status === 'taken') throw exists(channel, result.snapshot)
    if (result.status === 'absent') return await assertAbsent(store, generation)
    return { status: 'created', snapshots: [result.snapshot], damaged: [] }
  })
  return finish(session, outcomes, { describe: describeReport, exitOf: () => 0 })
}

function readGeneration({ flags: { generation } }: Session, channels: readonly MirroredChannel[]): number | undefined {
  if (generation === undefined) return undefined
  const reason = !/^[1-9]\d{0,14}$/.test(generation) ? `${JSON.stringify(generation)} is not the number of a generation` : channels.length > 1 ? 'each channel counts its own generations' : undefined
  if (reason === undefined) return Number(generation)
  throw new MirrorError<CliErrorCode>('USAGE', `Cannot name that generation: ${reason}`, { hint: 'See `mirror rollback --list`; name the channel with --channel.' })
}

async function planSnapshot(store: DiskStore, { name, generation, now }: { readonly name: string; readonly generation: number | undefined; readonly now: number }): Promise<SnapshotReport> {
  const number = generation ?? (await store.head())?.number
  const isThere = (await store.generations()).some((candidate) => candidate.number === number)
  if (number === undefined || !isThere) return await assertAbsent(store, generation)
  return { status: 'planned', snapshots: [{ name, generation: number, named: new Date(now).toISOString() }], damaged: [] }
}

/** A channel of which nothing is published has nothing to name; a generation that was asked for and is not there is an error. */
async function assertAbsent(store: DiskStore, generation: number | undefined): Promise<SnapshotReport> {
  const generations = (await store.generations()).map(({ number }) => number)
  if (generation === undefined) return { status: 'absent', snapshots: [], damaged: [] }
  throw new MirrorError('GENERATION_ABSENT', `Cannot name generation ${generation}: it is not there, or was given up`, { hint: `There are: ${generations.join(', ')}.`, details: { generations } })
}

async function removeAll(session: Session, { channels, openStore, name: given }: ActOptions): Promise<ExitCode> {
  const name = requireName(given, 'delete')
  const { flags } = session
  const having: MirroredChannel[] = []
  for (const channel of channels) {
    const store = openStore(channel.root)
    if ((await store.snapshots()).some((snapshot) => snapshot.name === name) || (await store.damagedSnapshots()).includes(name)) having.push(channel)
  }
  if (having.length === 0) throw new MirrorError<CliErrorCode>('SNAPSHOT_NOT_FOUND', `Cannot delete the snapshot ${JSON.stringify(name)}: no channel has it`, { hint: 'See `mirror snapshot list`.' })
  const outcomes = await forEachChannel(session, having, async ({ root }): Promise<SnapshotReport> => {
    const store = openStore(root)
    const snapshots = (await store.snapshots()).filter((snapshot) => snapshot.name === name)
    if (!flags.dryRun && await store.removeSnapshot(name) === 'busy') throw locked()
    return { status: flags.dryRun ? 'planned' : 'removed', snapshots, damaged: [] }
  })
  return finish(session, outcomes, { describe: describeReport, exitOf: () => 0 })
}

async function listAll(session: Session, { channels, openStore }: ActOptions): Promise<ExitCode> {
  const outcomes = await forEachChannel(session, channels, async ({ root }): Promise<SnapshotReport> => {
    const store = openStore(root)
    return { status: 'listed', snapshots: await store.snapshots(), damaged: await store.damagedSnapshots() }
  })
  return finish(session, outcomes, { describe: describeReport, exitOf: () => 0 })
}

function exists(channel: string, { name, generation }: Snapshot): MirrorError<CliErrorCode> {
  return new MirrorError('SNAPSHOT_EXISTS', `Cannot create the snapshot ${JSON.stringify(name)}: in ${channel} it is generation ${generation} already`, { hint: 'Choose another name, or delete it first.' })
}

function locked(): MirrorError {
  return new MirrorError('STORE_LOCKED', 'Cannot change the snapshots: another run works on the mirror', { hint: 'Wait until it has ended; it needs no help and leaves no lock behind.' })
}

const WORDS: Readonly<Record<SnapshotReport['status'], string>> = {
  created: 'is kept as', removed: 'is no longer kept as', planned: 'would be', listed: '', absent: '',
}

function describeReport(channel: string, { status, snapshots, damaged }: SnapshotReport): string {
  if (status === 'absent') return `${channel}: nothing is published\n`
  const broken = damaged.map((name) => `  ${name}: its file is damaged, so every generation is kept; \`mirror snapshot delete ${name}\` removes it\n`).join('')
  if (status !== 'listed') return snapshots.map(({ name, generation }) => `${channel}: generation ${generation} ${WORDS[status]} ${name}\n`).join('')
  if (snapshots.length === 0) return `${channel}: no snapshots\n${broken}`
  return `${channel}:\n${formatTable(snapshots.map(({ name, generation, named }) => [`  ${name}`, formatTime(named), `generation ${generation}`]), 2)}\n${broken}`
}
