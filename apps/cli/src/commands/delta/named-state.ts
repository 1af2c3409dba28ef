import { isMirrorError, MirrorError } from '@mirror/core'
import type { DiskStore, StoreReader } from '@mirror/store'
import type { CliErrorCode } from '../../error-codes.ts'
import { createStoreOpener } from '../../open-store.ts'
import { findStores, type MirroredChannel } from '../find-channels.ts'
import type { Session } from '../session.ts'

/** The channels that `--channel` names, as folders of the mirror; undefined where all are meant. */
export function readOnly({ config, flags }: Pick<Session, 'config' | 'flags'>): ReadonlySet<string> | undefined {
  return flags.channels.length === 0 ? undefined : new Set(config.channels.map(({ channel }) => channel.folder))
}

/** A state that is kept in the mirror. */
export interface NamedState {
  /** By the folder of the channel. */
  readonly readers: ReadonlyMap<string, StoreReader>
  /** Channels that are stores and have nothing of that name. */
  readonly others: readonly string[]
}

/**
 * Finds what `@NAME` stands for: in every channel the generation of that snapshot; or, where there is one channel, that of that number. Throws `SNAPSHOT_NOT_FOUND`, `GENERATION_ABSENT`, and `USAGE` for a number where there are several channels.
 */
export async function findNamedState(session: Session, text: string): Promise<NamedState> {
  const name = text.slice(1)
  const number = /^[1-9]\d{0,14}$/.test(name) ? Number(name) : undefined
  const only = readOnly(session)
  const channels = await findKept(session, only)
  if (number !== undefined && channels.length > 1) {
    throw new MirrorError<CliErrorCode>('USAGE', `Cannot use ${text}: each of ${channels.length} channels counts its own generations`, { hint: 'Name the channel with --channel, or a snapshot that all of them have.' })
  }
  const openStore = await createStoreOpener(session.config)
  const readers = new Map<string, StoreReader>()
  const others: string[] = []
  for (const { folder, root } of channels) {
    const store = openStore(root)
    const reader = await findReader(store, number ?? name)
    if (reader === undefined) others.push(folder)
    else readers.set(folder, reader)
  }
  if (readers.size > 0) return { readers, others }
  throw await absent(session, { text, number, stores: channels.map(({ root }) => openStore(root)) })
}

/** Stores below the mirror's folder, and the one that it is itself. */
async function findKept({ config }: Session, only: ReadonlySet<string> | undefined): Promise<readonly MirroredChannel[]> {
  const found = findStores(config.mirrorDir)
  const all = found.length > 0 ? found : [{ channel: '', folder: '', root: config.mirrorDir }]
  return only === undefined ? all : all.filter(({ folder }) => only.has(folder))
}

async function findReader(store: DiskStore, generation: number | string): Promise<StoreReader | undefined> {
  const number = typeof generation === 'number' ? generation : (await store.snapshots()).find(({ name }) => name === generation)?.generation
  return number === undefined ? undefined : await store.read(number)
}

interface Absent {
  readonly text: string
  readonly number: number | undefined
  readonly stores: readonly DiskStore[]
}

async function absent({ config }: Session, { text, number, stores }: Absent): Promise<Error> {
  const kept = await Promise.all(stores.map(async (store) => [...(await store.generations()).map((generation) => String(generation.number)), ...(await store.snapshots()).map(({ name }) => name)]))
  const names = [...new Set(kept.flat())].map((name) => `@${name}`)
  const hint = names.length === 0 ? 'No generation is kept there.' : `There are: ${names.slice(0, 20).join(', ')}.`
  if (number === undefined) return new MirrorError<CliErrorCode>('SNAPSHOT_NOT_FOUND', `Cannot use ${text}: no channel of ${JSON.stringify(config.mirrorDir)} has a snapshot of that name`, { hint })
  return new MirrorError('GENERATION_ABSENT', `Cannot use ${text}: generation ${number} is not kept in ${JSON.stringify(config.mirrorDir)}`, { hint })
}

/** Whether a snapshot of that name is there: for hints. */
export async function hasSnapshot(session: Session, name: string): Promise<boolean> {
  try {
    await findNamedState(session, `@${name}`)
    return true
  } catch (error) {
    if (isMirrorError(error)) return false
    throw error
  }
}
