import type { ChannelView } from '../channel-view.ts'
import type { MirrorFiles } from '../mirror-files.ts'
import { createTimedCache } from '../timed-cache.ts'
import { findIndex, findSubdirs, type FoundIndex } from './find-index.ts'
import type { IndexThread } from './index-thread.ts'
import { createSubdirCatalogue, type SubdirCatalogue } from './subdir-catalogue.ts'

/** What a channel lists, as it was read last. */
export interface ChannelCatalogue {
  /** The same list for the same state: what is worked out from it can be kept by it. */
  readonly subdirs: readonly SubdirCatalogue[]
  /** The documents that it was made of. Reading one that is not there any more throws `FileReplaced`. */
  readonly indexes: readonly FoundIndex[]
  /** Subdirs whose index could not be read, and the code of why. */
  readonly damaged: readonly { readonly subdir: string; readonly code: string }[]
  readonly view: ChannelView
  /** False while a later one is being made. */
  readonly isCurrent: boolean
}

/** A channel, or a snapshot of one, whose catalogue is wanted. */
export interface CatalogueName {
  /** Its folder below the mirror. */
  readonly folder: string
  readonly snapshot: string | undefined
  /** Where it lies on the disk. */
  readonly root: string
}

/** The catalogues of the channels of a mirror, each made when it is first wanted. */
export interface Catalogues {
  /**
   * The catalogue of a channel as it is shown now. Where it is not there yet, `undefined` after a moment of patience. Once there is one, a later state is read aside, and the earlier is
   * answered meanwhile, whole: never some subdirs of one and some of the other.
   */
  readonly open: (name: CatalogueName) => Promise<ChannelCatalogue | undefined>
  readonly close: () => Promise<void>
}

/** Options of `createCatalogues`. */
export interface CataloguesOptions {
  readonly files: MirrorFiles
  readonly thread: IndexThread
  /** So many milliseconds a caller waits for the first catalogue of a channel. Default 1,000. */
  readonly patience?: number
  /** Milliseconds; only differences count. Default: the clock. */
  readonly now?: () => number
}

const PATIENCE = 1000
const LOOK_LIFETIME = 1000
const LOOKS = 1000
/** Catalogues of snapshots that are kept, at most. */
const SNAPSHOTS_KEPT = 4
/** A catalogue that nobody has wanted for an hour gives its memory back. */
const FORGOTTEN = 3_600_000
const SWEEP = 300_000

/** What one index came to. */
type Part = { readonly subdir: string; readonly catalogue: SubdirCatalogue } | { readonly subdir: string; readonly code: string }

/** What a channel shows: its view, and the documents of its subdirs. */
interface Look {
  readonly view: ChannelView
  readonly indexes: readonly FoundIndex[]
  /** Subdirs that have an index, but none that we read. */
  readonly unread: readonly string[]
  /** The same for the same documents. */
  readonly mark: string
}

interface Shown {
  readonly look: Look
  readonly parts: ReadonlyMap<string, Part>
  readonly subdirs: readonly SubdirCatalogue[]
  /** When somebody wanted it last. */
  used: number
}

/** Creates the catalogues of a mirror. Nothing is read yet. */
export function createCatalogues({ files, thread, patience = PATIENCE, now = () => performance.now() }: CataloguesOptions): Catalogues {
  const looks = createTimedCache<Look | undefined>({ lifetime: LOOK_LIFETIME, capacity: LOOKS, now })
  const shown = new Map<string, Shown>()
  const making = new Map<string, Promise<void>>()
  const readParts = createPartsReader(thread, shown)
  const sweep = (): void => forgetUnused(shown, now() - FORGOTTEN)
  const timer = setInterval(sweep, SWEEP)
  timer.unref()

  async function make(key: string, name: CatalogueName, look: Look): Promise<void> {
    const parts = await readParts(name, look)
    if (parts === undefined) return looks.forget(key)
    shown.delete(key)
    shown.set(key, { look, parts, subdirs: [...parts.values()].flatMap((part) => ('catalogue' in part ? [part.catalogue] : [])), used: now() })
    forgetSnapshots(shown)
  }

  function start(key: string, name: CatalogueName, look: Look): Promise<void> {
    const under = making.get(key)
    if (under !== undefined) return under
    const made = make(key, name, look).finally(() => making.delete(key))
    making.set(key, made)
    return made
  }

  return {
    async open(name) {
      const key = keyOf(name)
      sweep()
      const look = await looks.get(key, async () => await lookAt(files, name))
      if (look === undefined) return undefined
      if (shown.get(key)?.look.mark !== look.mark) await waitFor(start(key, name, look), shown.has(key) ? 0 : patience)
      const known = shown.get(key)
      if (known === undefined) return undefined
      known.used = now()
      return present(known, known.look.mark === look.mark)
    },
    async close() {
      clearInterval(timer)
      await thread.stop()
    },
  }
}

/** Reads what a channel shows; undefined when a document was replaced meanwhile: then what was looked at is not shown any more. */
type PartsReader = (name: CatalogueName, look: Look) => Promise<ReadonlyMap<string, Part> | undefined>

function createPartsReader(thread: IndexThread, shown: ReadonlyMap<string, Shown>): PartsReader {
  /** What was read for the same document: in an earlier state, or in a snapshot of the same channel. */
  function findPart(folder: string, { subdir, mark }: FoundIndex): Part | undefined {
    for (const [key, { look, parts }] of shown) {
      if (folderOf(key) === folder && look.indexes.some((index) => index.subdir === subdir && index.mark === mark)) return parts.get(subdir)
    }
    return undefined
  }

  async function readPart({ folder, snapshot }: CatalogueName, { subdir, mark }: FoundIndex): Promise<Part | undefined> {
    const reading = await thread.read({ folder, snapshot, subdir })
    if (reading.status === 'gone' || reading.mark !== mark) return undefined
    return reading.status === 'damaged' ? { subdir, code: reading.code } : { subdir, catalogue: createSubdirCatalogue(reading.columns) }
  }

  return async (name, { indexes }) => {
    const parts = new Map<string, Part>()
    for (const index of indexes) {
      const part = findPart(name.folder, index) ?? await readPart(name, index)
      if (part === undefined) return undefined
      parts.set(index.subdir, part)
    }
    return parts
  }
}

function keyOf({ folder, snapshot }: CatalogueName): string {
  return `${folder}\0${snapshot ?? ''}`
}

function folderOf(key: string): string {
  return key.slice(0, key.indexOf('\0'))
}

async function lookAt(files: MirrorFiles, { folder, snapshot, root }: CatalogueName): Promise<Look | undefined> {
  const view = await files.view(folder, snapshot)
  if (view === undefined) return undefined
  const found = await Promise.all(findSubdirs(view, root).map(async (subdir) => ({ subdir, index: await findIndex(view, subdir) })))
  const indexes = found.map(({ index }) => index).filter((index) => index !== undefined)
  const unread = found.filter(({ index }) => index === undefined).map(({ subdir }) => subdir)
  return { view, indexes, unread, mark: [...indexes.map(({ subdir, mark }) => `${subdir} ${mark}`), ...unread].join('\n') }
}

/** Waits for something, but not for ever. Its failure is the caller's when it comes in time, and otherwise that of the next one who asks. */
async function waitFor(made: Promise<void>, patience: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>((resolve) => { timer = setTimeout(resolve, patience) })
  made.catch(() => undefined)
  try {
    await Promise.race([made, over])
  } finally {
    clearTimeout(timer)
  }
}

function present({ look, parts, subdirs }: Shown, isCurrent: boolean): ChannelCatalogue {
  return {
    view: look.view,
    indexes: look.indexes,
    isCurrent,
    subdirs,
    damaged: [...[...parts.values()].flatMap((part) => ('code' in part ? [part] : [])), ...look.unread.map((subdir) => ({ subdir, code: 'SHARDS_ONLY' }))],
  }
}

/** Those that were made first go first. */
function forgetSnapshots(shown: Map<string, Shown>): void {
  const kept = [...shown.keys()].filter((key) => !key.endsWith('\0'))
  for (const key of kept.slice(0, Math.max(0, kept.length - SNAPSHOTS_KEPT))) shown.delete(key)
}

function forgetUnused(shown: Map<string, Shown>, since: number): void {
  for (const [key, { used }] of shown) if (used < since) shown.delete(key)
}
