import { isJsonObject, isMirrorError } from '@mirror/core'
import { createDiskStore, type FoundChannel, readRuns, type Store, type StoreReader } from '@mirror/store'
import { safeUrl } from './html.ts'

/** What is known of a channel without reading its indexes. */
export interface ChannelSummary {
  readonly folder: string
  /** `published`: a generation of ours; `empty`: the first sync has not ended; `tree`: another tool made it; `damaged`: its store cannot be read. */
  readonly kind: 'published' | 'empty' | 'tree' | 'damaged'
  readonly subdirs: readonly string[]
  /** What all subdirs list; undefined where only their indexes tell. */
  readonly artifacts: { readonly count: number; readonly bytes: number } | undefined
  readonly generation: number | undefined
  /** When it was published, milliseconds since 1970. */
  readonly published: number | undefined
  /** When a run last found it up to date or made it so. */
  readonly synced: number | undefined
  /** When upstream's newest artifact was built. */
  readonly newest: number | undefined
  /** How the last run ended, where it was none of the good ways. */
  readonly trouble: 'failed' | 'refused' | 'held' | undefined
}

/** Looks at a channel: a few small files, whatever its size. */
export async function summarizeChannel({ folder, root, isStore, subdirs }: FoundChannel): Promise<ChannelSummary> {
  const nothing = { folder, subdirs, artifacts: undefined, generation: undefined, published: undefined, synced: undefined, newest: undefined, trouble: undefined }
  if (!isStore) return { ...nothing, kind: 'tree' }
  try {
    const store = createDiskStore({ root })
    const reader = await store.read()
    return reader === undefined ? { ...nothing, kind: 'empty' } : { ...nothing, ...await describe(store, reader) }
  } catch (error) {
    if (isMirrorError(error)) return { ...nothing, kind: 'damaged' }
    throw error
  }
}

async function describe(store: Store, { generation }: StoreReader): Promise<Omit<ChannelSummary, 'folder'>> {
  const { state, number, created } = generation
  const runs = await readRuns(store)
  const good = runs.find(({ status }) => status === 'unchanged' || status === 'committed')
  const status = runs[0]?.status
  const published = Date.parse(created)
  return {
    kind: 'published',
    subdirs: state.subdirs.map(({ subdir }) => subdir),
    artifacts: sumArtifacts(state.subdirs.map(({ artifacts }) => artifacts)),
    generation: number,
    published,
    synced: Math.max(published, good === undefined ? 0 : Date.parse(good.finished) || 0),
    newest: await readNewest(store, state.subdirs.map(({ subdir }) => subdir)),
    trouble: status === 'failed' || status === 'refused' || status === 'held' ? status : undefined,
  }
}

function sumArtifacts(all: readonly { readonly count: number; readonly bytes: number }[]): { readonly count: number; readonly bytes: number } {
  return all.reduce((sum, { count, bytes }) => ({ count: sum.count + count, bytes: sum.bytes + bytes }), { count: 0, bytes: 0 })
}

/** What was noted of upstream when it was asked last. */
async function readNewest(store: Store, subdirs: readonly string[]): Promise<number | undefined> {
  const notes = await Promise.all(subdirs.map(async (subdir) => await readUpstreamNote(store, subdir)))
  const times = notes.map((note) => note?.newest).filter((time) => time !== undefined)
  return times.length === 0 ? undefined : Math.max(...times)
}

/** What a sync noted of the upstream of a subdir. */
export interface UpstreamNote {
  /** When upstream's newest artifact was built, milliseconds since 1970. */
  readonly newest: number | undefined
  /** Upstream's own date of its index. */
  readonly modified: number | undefined
  /** True where the published index is upstream's byte for byte, false where it is made from it. */
  readonly isWhole: boolean
  /** Where upstream has the artifacts. Undefined where that is no URL that others could use, or was not noted. */
  readonly source: string | undefined
}

/** Reads what is noted of the upstream of a subdir; undefined where nothing is. */
export async function readUpstreamNote(store: Pick<Store, 'readMemo'>, subdir: string): Promise<UpstreamNote | undefined> {
  const memo = await store.readMemo(`upstream-${subdir.toLowerCase().replaceAll(/[^a-z0-9-]/g, '-')}`)
  if (!isJsonObject(memo)) return undefined
  const { newest, modified, upstream, published, baseUrl, url } = memo
  const besideIndex = typeof url === 'string' ? `${url}/${subdir}/` : undefined
  return {
    newest: typeof newest === 'number' ? newest : undefined,
    modified: typeof modified === 'number' ? modified : undefined,
    isWhole: upstream === published,
    source: safeUrl(baseUrl) ?? safeUrl(besideIndex),
  }
}
