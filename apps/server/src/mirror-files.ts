import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { createDiskStore } from '@mirror/store'
import { type ChannelPlace, type ChannelView, viewChannel, viewKept } from './channel-view.ts'
import { findPlace, isStore, type Place } from './find-place.ts'
import type { FoundFile } from './found-file.ts'
import { createTimedCache } from './timed-cache.ts'

/** The files of a mirror, as requests name them. */
export interface MirrorFiles {
  /** Looks at what was found within the last second. */
  readonly find: (segments: readonly string[]) => Promise<FoundFile | undefined>
  /** Looks anew: what was found turned out to be gone. */
  readonly findAnew: (segments: readonly string[]) => Promise<FoundFile | undefined>
  /** A channel's folder as its files are shown now, or as a snapshot names it. Undefined where there is no mirror, no such snapshot, or a path that leads nowhere. */
  readonly view: (folder: string, snapshot?: string) => Promise<ChannelView | undefined>
}

/** What `createMirrorFiles` may be told. */
export interface MirrorFilesOptions {
  /** Milliseconds; only differences count. Default: the clock. */
  readonly now?: () => number
}

/** How long an answer about a file or a channel holds: so late is seen what was published, and so rarely is the disk asked about a file that everybody wants. */
const LIFETIME = 1000
const FILES = 10_000
const CHANNELS = 1000
/** What a snapshot lists may be a million artifacts. */
const SNAPSHOTS_KEPT = 4

/** Where kept generations are served: `/snapshots/<name>/<channel>/…`. */
const SNAPSHOTS = 'snapshots'

/** Opens the files of a mirror. Writes nothing, and needs no state of ours: the folder need not even exist yet. */
export function createMirrorFiles(mirrorDir: string, { now = () => performance.now() }: MirrorFilesOptions = {}): MirrorFiles {
  const files = createTimedCache<FoundFile | undefined>({ lifetime: LIFETIME, capacity: FILES, now })
  const places = createTimedCache<Place | undefined>({ lifetime: LIFETIME, capacity: FILES, now })
  const views = createTimedCache<ChannelView>({ lifetime: LIFETIME, capacity: CHANNELS, now })
  const newest = createLastViews(CHANNELS)
  const snapshots = createLastViews(SNAPSHOTS_KEPT)

  const locate = async (segments: readonly string[]): Promise<Place | undefined> => {
    const folders = segments.slice(0, -1)
    return await places.get(folders.join('/'), () => findPlace(mirrorDir, folders))
  }

  async function look(segments: readonly string[]): Promise<FoundFile | undefined> {
    if (segments[0] === SNAPSHOTS) return await lookKept(segments)
    const place = await locate(segments)
    if (place === undefined) return undefined
    return await (await viewNewest(place)).find(pathBelow(place, segments))
  }

  const viewNewest = async (place: ChannelPlace): Promise<ChannelView> => await views.get(place.folder, async () => newest.keep(place.folder, await viewChannel(place)))
  const viewNamed = async (place: ChannelPlace, name: string): Promise<ChannelView> =>
    await views.get(`${name}\0${place.folder}`, async () => snapshots.keep(`${name}/${place.folder}`, await viewSnapshot(place, name)))

  async function lookKept([, name = '', ...segments]: readonly string[]): Promise<FoundFile | undefined> {
    const place = await locate(segments)
    if (place === undefined || !isStore(place)) return undefined
    return await (await viewNamed(place, name)).find(pathBelow(place, segments))
  }

  const find = async (segments: readonly string[]): Promise<FoundFile | undefined> => await files.get(segments.join('/'), async (before) => keepSame(await before?.catch(() => undefined), await look(segments)))
  const forget = async (segments: readonly string[]): Promise<void> => {
    files.forget(segments.join('/'))
    const place = await locate(segments)
    if (place !== undefined) views.forget(place.folder)
  }
  return {
    find,
    async findAnew(segments) {
      await forget(segments)
      return await find(segments)
    },
    async view(folder, snapshot) {
      const root = await realpath(mirrorDir).catch(() => undefined)
      if (root === undefined) return undefined
      if (snapshot === undefined) return await viewNewest({ root, folder })
      const view = isStore({ root, folder }) ? await viewNamed({ root, folder }, snapshot) : NOTHING
      return view === NOTHING ? undefined : view
    },
  }
}

function pathBelow({ below }: Place, segments: readonly string[]): string {
  return [...below, segments.at(-1)].join('/')
}

const NOTHING: ChannelView = { reader: undefined, find: async () => undefined }

async function viewSnapshot({ root, folder }: ChannelPlace, name: string): Promise<ChannelView> {
  const store = createDiskStore({ root: join(root, folder) })
  const snapshot = (await store.snapshots()).find((one) => one.name === name)
  const reader = snapshot === undefined ? undefined : await store.read(snapshot.generation)
  return reader === undefined ? NOTHING : viewKept(reader)
}

/** As long as a file is the same, so is what was found: what was made and read for it holds on. */
function keepSame(before: FoundFile | undefined, found: FoundFile | undefined): FoundFile | undefined {
  return before !== undefined && found !== undefined && before.mark === found.mark && before.etag === found.etag && before.freshness === found.freshness ? before : found
}

/** What a view shows: one generation, or the disk, whatever lies there. */
function nameOf({ reader }: ChannelView): string {
  return reader === undefined ? 'disk' : `${reader.generation.number} ${reader.generation.id}`
}

/** The last view of each of some folders: as long as it shows the same, what was read for it holds on, so that what a subdir lists is read once. */
function createLastViews(capacity: number): { readonly keep: (key: string, view: ChannelView) => ChannelView } {
  const last = new Map<string, ChannelView>()
  return {
    keep(key, view) {
      const before = last.get(key)
      const kept = before !== undefined && nameOf(before) === nameOf(view) ? before : view
      last.delete(key)
      last.set(key, kept)
      const [oldest] = last.keys()
      if (last.size > capacity && oldest !== undefined) last.delete(oldest)
      return kept
    },
  }
}
