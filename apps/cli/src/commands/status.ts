import { type DiskStore, type Generation, type PastRun, readRuns, type TrashHeader } from '@mirror/store'
import { sumInstallers } from '@mirror/sync'
import { type ErrorFacts, readErrorFacts } from '../errors/error-facts.ts'
import { type ExitCode, worstExit } from '../errors/exit-codes.ts'
import { createStoreOpener } from '../open-store.ts'
import { describeStatus } from '../render/describe-status.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { isInstallers, listChannels, listInstallers, type MirroredChannel } from './find-channels.ts'
import { printResult, type Session } from './session.ts'

/** Files and their bytes. */
export interface Amount {
  readonly count: number
  readonly bytes: number
}

/** A generation that is kept beside the newest. */
export interface KeptGeneration {
  readonly number: number
  readonly created: string
  readonly snapshots: readonly string[]
}

/** What a channel's mirror holds. */
export interface ChannelStatus extends MirroredChannel {
  readonly generation: number | undefined
  /** ISO 8601. */
  readonly created: string | undefined
  readonly state: string | undefined
  /** Of the installers: their folders. */
  readonly subdirs: readonly { readonly subdir: string; readonly records: number; readonly bytes: number }[]
  /** What waits in the trash for the grace; `next` is when the first of it is due. */
  readonly waiting: Amount & { readonly next: string | undefined }
  /** What is due, and goes with the next run unless an older generation needs it. */
  readonly due: Amount
  /** What is due, and kept for older generations. */
  readonly kept: Amount
  readonly older: readonly KeptGeneration[]
  /** Snapshots whose file is damaged. */
  readonly damagedSnapshots: readonly string[]
  /** The last twenty, newest first. */
  readonly runs: readonly PastRun[]
  readonly lastRun: PastRun | undefined
  readonly error: ErrorFacts | undefined
}

/** Shows what each channel's mirror holds, from what its store notes: nothing is walked, hashed or fetched. Exit code 1 when a store cannot be read. */
export async function runStatus(session: Session): Promise<ExitCode> {
  const { stdout, flags, now, config } = session
  const openStore = await createStoreOpener(config)
  const statuses: ChannelStatus[] = []
  for (const channel of [...listChannels(session), ...await listInstallers(session)]) statuses.push(await readStatus(channel, openStore(channel.root), session))
  const exitCode = worstExit(statuses.map(({ error }) => error?.exitCode ?? 0))
  printResult(session, `${statuses.map((status) => describeStatus(status, now())).join('\n')}\nMirror: ${config.mirrorDir}\n`)
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command: 'status', exitCode, mirror: config.mirrorDir, channels: statuses }, now()))
  return exitCode
}

const NOTHING: Omit<ChannelStatus, keyof MirroredChannel> = {
  generation: undefined, created: undefined, state: undefined, subdirs: [], waiting: { count: 0, bytes: 0, next: undefined }, due: { count: 0, bytes: 0 }, kept: { count: 0, bytes: 0 },
  older: [], damagedSnapshots: [], runs: [], lastRun: undefined, error: undefined,
}

const RUNS_TOLD = 20

async function readStatus(channel: MirroredChannel, store: DiskStore, { config, now, signal }: Session): Promise<ChannelStatus> {
  try {
    const head = await store.head()
    if (head === undefined) return { ...channel, ...NOTHING }
    const runs = (await readRuns(store)).slice(0, RUNS_TOLD)
    const older = await readOlder(store, head.number)
    return {
      ...channel,
      ...NOTHING,
      generation: head.number,
      created: head.created,
      state: head.id,
      subdirs: isInstallers(channel) ? listFolders(head) : head.state.subdirs.map(({ subdir, artifacts }) => ({ subdir, records: artifacts.count, bytes: artifacts.bytes })),
      ...sortTrash(await store.trash(), { grace: config.grace, now: now(), kept: keptOf(older, isInstallers(channel) ? 0 : config.retain) }),
      older,
      damagedSnapshots: await store.damagedSnapshots(),
      runs,
      lastRun: runs[0],
    }
  } catch (error) {
    return { ...channel, ...NOTHING, error: readErrorFacts(error, signal) }
  }
}

/** Installers are counted by folder. */
function listFolders({ state }: Generation): ChannelStatus['subdirs'] {
  return sumInstallers(state).map(({ name, installers, bytes }) => ({ subdir: name, records: installers, bytes }))
}

async function readOlder(store: DiskStore, newest: number): Promise<readonly KeptGeneration[]> {
  const snapshots = await store.snapshots()
  const generations = await store.generations()
  return generations.flatMap(({ number, created }) => {
    const names = snapshots.filter(({ generation }) => generation === number).map(({ name }) => name)
    return number === newest && names.length === 0 ? [] : [{ number, created, snapshots: names }]
  })
}

/** Those that the configuration keeps by their number, and those that have a name. */
function keptOf(older: readonly KeptGeneration[], retain: number): ReadonlySet<number> {
  return new Set(older.filter(({ snapshots }, index) => index < retain || snapshots.length > 0).map(({ number }) => number))
}

interface TrashRules {
  readonly grace: number
  readonly now: number
  /** Generations that are kept whatever the grace. */
  readonly kept: ReadonlySet<number>
}

/** By the first lines of the lists alone: what is on them is not looked at. A list is kept whole while the generation before it is. */
function sortTrash(lists: readonly TrashHeader[], { grace, now, kept }: TrashRules): Pick<ChannelStatus, 'waiting' | 'due' | 'kept'> {
  const dueOf = ({ time }: TrashHeader): number => Date.parse(time) + grace
  const isKept = (list: TrashHeader): boolean => list.keptBy !== undefined || kept.has(list.generation - 1)
  const open = lists.filter((list) => !isKept(list))
  const waiting = open.filter((list) => dueOf(list) > now)
  const next = Math.min(...waiting.map(dueOf))
  return {
    waiting: { ...sum(waiting), next: Number.isFinite(next) ? new Date(next).toISOString() : undefined },
    due: sum(open.filter((list) => dueOf(list) <= now)),
    kept: sum(lists.filter(isKept)),
  }
}

function sum(lists: readonly TrashHeader[]): Amount {
  return { count: lists.reduce((all, { count }) => all + count, 0), bytes: lists.reduce((all, { bytes }) => all + bytes, 0) }
}
