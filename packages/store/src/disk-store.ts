import { resolve } from 'node:path'
import { type Changeset, EMPTY_STATE, stateId } from '@mirror/delta'
import type { BeginOptions, BeginResult, Generation, Store } from './contract.ts'
import { type DiskContext, ignoreEvents } from './disk-context.ts'
import { createDiskIo, type DiskIo } from './disk-io.ts'
import { createDiskPaths } from './disk-paths.ts'
import { createDiskReader } from './disk-reader.ts'
import { createDiskSnapshot, removeDiskSnapshot } from './disk-snapshots.ts'
import { openDiskTransaction } from './disk-transaction.ts'
import { makeFolders } from './disk-write.ts'
import { assertReadable, openFormat } from './format-file.ts'
import { listGenerations, type Manifest, readHead, readManifest } from './generation-file.ts'
import { hasUnfinished } from './journal.ts'
import { type Lock, openLock } from './lock.ts'
import { readMemoFile, writeMemoFile } from './memo.ts'
import { openIntact } from './open-intact.ts'
import { comparePublic, type PublicState } from './public-state.ts'
import { recover } from './recover.ts'
import { removeEmptyStore } from './remove-store.ts'
import { assertFolder, assertSafeRoot, inspectRoot } from './safe-root.ts'
import { readSnapshots } from './snapshot-file.ts'
import { checkSpace, type SpaceNeed } from './space.ts'
import { named, storeError } from './store-error.ts'
import { tidyDisk } from './tidy.ts'
import { readTrashHeader, type TrashHeader, trashLists } from './trash.ts'

/** Options of `createDiskStore`. */
export interface DiskStoreOptions {
  /** The channel's folder. It need not exist; folders above it are made. */
  readonly root: string
  /** How many superseded generations are kept beyond the grace, for rollback. Default 0. */
  readonly keep?: number
  /** What time it is. Default: the system's. */
  readonly clock?: () => Date
  /** What carries out changes. Default: the file system. */
  readonly io?: DiskIo
  /** Permissions of files, whatever the umask. Default 0o644. */
  readonly fileMode?: number
  /** Permissions of folders, whatever the umask. Default 0o755. */
  readonly directoryMode?: number
  /** For a store of plain files that shares its root with others: the only folders there that it looks at. Default: the root is its own. */
  readonly folders?: readonly string[]
}

/** A store in a folder: public files as upstream has them, and a dot-folder. */
export interface DiskStore extends Store {
  /** Whether someone else changed the public index files since they were published. Reads a few small files, no folder, and hashes only what looks touched. */
  readonly publicState: () => Promise<PublicState>
  /** The bytes of an index file of the newest generation: the public one's or the copy's, whichever is right. Undefined when neither is. */
  readonly openIntact: (path: string) => Promise<AsyncIterable<Uint8Array> | undefined>
  /** What waits in the trash, oldest first, by the first lines of its lists. */
  readonly trash: () => Promise<readonly TrashHeader[]>
  /** Names of snapshots whose file is damaged: while there is one, every generation is kept. */
  readonly damagedSnapshots: () => Promise<readonly string[]>
  /**
   * Removes the dot-folder of a store that publishes nothing, keeps nothing and has nothing in its trash, and its folder if nothing else is in it; `in-use` otherwise. What
   * is foreign stays.
   */
  readonly removeEmpty: () => Promise<'removed' | 'in-use' | 'busy'>
  /** Throws `STORE_NO_SPACE` unless there is room; writes nothing. */
  readonly checkSpace: (need: SpaceNeed) => Promise<void>
}

/** Opens the store of one channel. Writes nothing until `begin`. Throws `STORE_UNSAFE_PATH` for a root that no store may have. */
export function createDiskStore(options: DiskStoreOptions): DiskStore {
  const { root, keep = 0, clock = () => new Date(), io = createDiskIo(), fileMode = 0o644, directoryMode = 0o755, folders } = options
  assertSafeRoot(root)
  const context: DiskContext = { io, paths: createDiskPaths(resolve(root)), fileMode, directoryMode, clock, keep, folders }
  const head = (): Manifest | undefined => {
    assertReadable(context)
    return readHead(context.paths)
  }
  return {
    head: async () => head()?.generation,
    async read(number) {
      const manifest = number === undefined ? head() : readManifest(context.paths, number)
      return manifest === undefined ? undefined : createDiskReader(context.paths, manifest)
    },
    begin: (changeset, beginOptions = {}) => named('begin a transaction', () => begin(context, changeset, beginOptions)),
    tidy: (tidyOptions) => named('tidy the store', async () => {
      assertReadable(context)
      return tidyDisk(context, tidyOptions)
    }),
    generations: async () => {
      assertReadable(context)
      return readGenerations(context)
    },
    snapshots: async () => readSnapshots(context.paths).whole,
    createSnapshot: (name, generation) => named('name a generation', () => createDiskSnapshot(context, name, generation)),
    removeSnapshot: (name) => named('remove a snapshot', () => removeDiskSnapshot(context, name)),
    readMemo: async (name) => readMemoFile(context, name),
    writeMemo: (name, value) => named('keep a note', () => writeMemoFile(context, name, value)),
    async publicState() {
      const manifest = head()
      if (hasUnfinished(context, manifest?.generation.number ?? 0)) return { status: 'unfinished' }
      return comparePublic(context, manifest?.generation.state ?? EMPTY_STATE)
    },
    openIntact: async (path) => openIntact(context, path),
    trash: async () => trashLists(context.paths).map((path) => readTrashHeader(path)).filter((header) => header !== undefined),
    damagedSnapshots: async () => readSnapshots(context.paths).damaged,
    removeEmpty: () => named('remove the store', () => removeEmptyStore(context)),
    checkSpace: (need) => checkSpace(root, need),
  }
}

function readGenerations({ paths }: DiskContext): readonly Generation[] {
  return listGenerations(paths).map((number) => readManifest(paths, number)?.generation).filter((generation) => generation !== undefined)
}

async function begin(context: DiskContext, changeset: Changeset, options: BeginOptions): Promise<BeginResult> {
  const { adopt = false, damaged = new Set(), signal, observe = ignoreEvents } = options
  signal?.throwIfAborted()
  assertSafeTree(context, changeset)
  assertConsent(context, adopt)
  await makeOwnFolders(context)
  const lock = openLock(context.io, context.paths.lock, context.fileMode)
  if (lock === undefined) return { status: 'busy' }
  try {
    await openFormat(context, observe)
    await recover(context, observe)
  } catch (error) {
    lock.release()
    throw error
  }
  const manifest = readHead(context.paths)
  if (fits(changeset, manifest, adopt)) return { status: 'begun', transaction: beginOn(context, { changeset, lock, manifest, damaged, observe, signal }) }
  lock.release()
  return { status: 'stale', head: manifest?.generation }
}

/** Consent covers what looks like a channel, or lies in the folders of a store that has some, and nothing else. */
function assertConsent({ paths, folders }: DiskContext, adopt: boolean): void {
  const root = inspectRoot(paths.root, folders)
  if (root.kind !== 'foreign' || (adopt && root.looksLikeChannel)) return
  throw storeError('STORE_FOREIGN', `Cannot use ${JSON.stringify(paths.root)}: it is not empty and no store`, {
    hint: 'Choose another folder, or adopt it: what is there is verified then, and used where it is right.', details: { names: root.names },
  })
}

interface BeginOn {
  readonly changeset: Changeset
  readonly lock: Lock
  readonly manifest: Manifest | undefined
  readonly damaged: ReadonlySet<string>
  readonly observe: NonNullable<BeginOptions['observe']>
  readonly signal: AbortSignal | undefined
}

function beginOn(context: DiskContext, { changeset, lock, manifest, damaged, observe, signal }: BeginOn): ReturnType<typeof openDiskTransaction> {
  const reader = manifest === undefined ? undefined : createDiskReader(context.paths, manifest)
  return openDiskTransaction({ context, changeset, lock, head: manifest, reader, damaged, observe, signal })
}

/** The changeset starts from the head; or, when a tree is adopted, from nothing: then all that it lists is verified. */
function fits(changeset: Changeset, manifest: Manifest | undefined, adopt: boolean): boolean {
  const empty = stateId(EMPTY_STATE)
  return changeset.base === (manifest?.generation.id ?? empty) || (adopt && changeset.base === empty)
}

/** Looks at every folder that will be written to, before anything is. */
function assertSafeTree({ paths }: DiskContext, changeset: Changeset): void {
  assertSafeRoot(paths.root)
  for (const folder of ownFolders(paths)) assertFolder(folder)
  for (const { subdir } of [...changeset.changes, ...changeset.withdrawn.map((gone) => gone.state)]) {
    assertFolder(paths.public(subdir))
    assertFolder(paths.public(`${subdir}/shards`))
  }
}

function ownFolders(paths: DiskContext['paths']): readonly string[] {
  return [paths.own, paths.generations, paths.documents, paths.staging, paths.journal, paths.objects, paths.trash, paths.memo]
}

async function makeOwnFolders({ io, paths, directoryMode }: DiskContext): Promise<void> {
  for (const folder of ownFolders(paths)) await makeFolders(io, folder, directoryMode)
}
