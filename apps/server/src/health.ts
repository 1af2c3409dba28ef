import { realpath } from 'node:fs/promises'
import { isJsonObject, isMirrorError } from '@mirror/core'
import { createDiskStore, findChannels, type FoundChannel, type Store, type StoreReader } from '@mirror/store'

/** How one channel can be served. */
export interface ChannelHealth {
  /** Its folder below the mirror. */
  readonly channel: string
  /** The generation that is served; undefined for a tree without a store of ours. */
  readonly generation: number | undefined
  /** Milliseconds since a run last found it up to date or made it so; undefined where nothing tells. */
  readonly age: number | undefined
  /** When that generation was published, in milliseconds since 1970. */
  readonly created: number | undefined
  /** How many artifacts it lists. */
  readonly artifacts: number | undefined
  /** Their bytes. */
  readonly bytes: number | undefined
  /** Why it is not ready; undefined when it is. */
  readonly reason: string | undefined
}

/** Whether the mirror can be served. */
export interface Readiness {
  readonly isReady: boolean
  /** Why not. */
  readonly reasons: readonly string[]
  readonly channels: readonly ChannelHealth[]
}

/** What `checkReadiness` needs. */
export interface ReadinessOptions {
  /** Milliseconds. A channel that is older is not ready; undefined: age does not count. */
  readonly maximumAge: number | undefined
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Looks at every channel of a mirror. It is ready when it has one, and every index of every newest generation can be read. */
export async function checkReadiness(mirrorDir: string, options: ReadinessOptions): Promise<Readiness> {
  const root = await realpath(mirrorDir).catch(() => undefined)
  const found = root === undefined ? [] : findChannels(root)
  const channels = await Promise.all(found.map(async (channel) => await checkChannel(channel, options)))
  const reasons = channels.length === 0
    ? [root === undefined ? 'the folder of the mirror cannot be read' : 'there is no channel in the mirror']
    : listReasons(channels)
  return { isReady: reasons.length === 0, reasons, channels }
}

function listReasons(channels: readonly ChannelHealth[]): readonly string[] {
  return channels.flatMap(({ channel, reason }) => (reason === undefined ? [] : [`${channel === '' ? 'installers' : channel}: ${reason}`]))
}

/** The same for somebody who may not see every channel: whether all of them are ready, without a name of those. */
export function showReadiness(readiness: Readiness, { canSee }: { readonly canSee: (channel: string) => boolean }): Readiness {
  const shown = readiness.channels.filter(({ channel }) => canSee(channel))
  if (shown.length === readiness.channels.length) return readiness
  const isHiddenReady = readiness.channels.every(({ channel, reason }) => reason === undefined || canSee(channel))
  return { isReady: readiness.isReady, reasons: [...listReasons(shown), ...(isHiddenReady ? [] : ['something that is not shown to everybody is not ready'])], channels: shown }
}

async function checkChannel({ root, folder, isStore }: FoundChannel, options: ReadinessOptions): Promise<ChannelHealth> {
  const nothing = { channel: folder, generation: undefined, age: undefined, created: undefined, artifacts: undefined, bytes: undefined, reason: undefined }
  if (!isStore) return nothing
  try {
    const store = createDiskStore({ root })
    const reader = await store.read()
    if (reader === undefined) return { ...nothing, reason: 'its first sync has not ended' }
    const age = await readAge(store, reader, options.now)
    return { channel: folder, ...describeGeneration(reader), age, reason: await findFault(reader) ?? findStaleness(age, options) }
  } catch (error) {
    if (isMirrorError(error)) return { ...nothing, reason: `its store cannot be read (${error.code})` }
    throw error
  }
}

function describeGeneration({ generation: { number, created, state } }: StoreReader): Pick<ChannelHealth, 'generation' | 'created' | 'artifacts' | 'bytes'> {
  const sum = (read: (set: (typeof state.subdirs)[number]['artifacts']) => number): number => state.subdirs.reduce((total, { artifacts }) => total + read(artifacts), 0)
  return { generation: number, created: Date.parse(created), artifacts: sum(({ count }) => count), bytes: sum(({ bytes }) => bytes) }
}

/** The first index file of a generation that cannot be read. */
async function findFault(reader: StoreReader): Promise<string | undefined> {
  for (const { path } of reader.generation.state.subdirs.flatMap(({ document, variants }) => [document, ...variants])) if (!await isReadable(reader, path)) return `${path} cannot be read`
  return undefined
}

async function isReadable(reader: StoreReader, path: string): Promise<boolean> {
  try {
    const opened = await reader.openFile(path, { start: 0, end: 1 })
    return opened.status === 'found' && await hasBytes(opened.body)
  } catch {
    return false
  }
}

async function hasBytes(body: AsyncIterable<Uint8Array>): Promise<boolean> {
  let length = 0
  for await (const piece of body) length += piece.length
  return length > 0
}

function findStaleness(age: number, { maximumAge }: ReadinessOptions): string | undefined {
  return maximumAge !== undefined && age > maximumAge ? `last brought up to date ${Math.round(age / 60_000)} minutes ago` : undefined
}

const GOOD: readonly unknown[] = ['unchanged', 'committed']

/** Since the last good run that the store notes; without one, since the generation was published. */
async function readAge(store: Store, { generation }: StoreReader, now: number): Promise<number> {
  const runs = await store.readMemo('runs')
  const finished = (Array.isArray(runs) ? runs : []).map((run: unknown) => readFinished(run)).find((time) => time !== undefined)
  return Math.max(0, now - Math.max(finished ?? 0, Date.parse(generation.created)))
}

function readFinished(run: unknown): number | undefined {
  const { status, finished } = isJsonObject(run) ? run : {}
  const time = GOOD.includes(status) && typeof finished === 'string' ? Date.parse(finished) : Number.NaN
  return Number.isNaN(time) ? undefined : time
}
