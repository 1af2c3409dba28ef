import { resolve } from 'node:path'
import { EMPTY_STATE } from '@mirror/delta'
import { type AuditLine, readAuditLog } from './audit-log.ts'
import type { Generation, Store } from './contract.ts'
import type { DiskContext } from './disk-context.ts'
import { createDiskIo, type DiskIo } from './disk-io.ts'
import { createDiskPaths } from './disk-paths.ts'
import { createDiskReader } from './disk-reader.ts'
import { assertReadable } from './format-file.ts'
import { listGenerations, type Manifest, readHead, readManifest } from './generation-file.ts'
import { hasUnfinished } from './journal.ts'
import { readMemoFile, writeMemoFile } from './memo.ts'
import { openIntact } from './open-intact.ts'
import { comparePublic, type PublicState } from './public-state.ts'
import { assertSafeRoot } from './safe-root.ts'
import { readSnapshots } from './snapshot-file.ts'
import { checkSpace, type SpaceNeed } from './space.ts'
import { named } from './store-error.ts'
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
  /** What the log says of the last commits, oldest first, at most `most`. */
  readonly audit: (most: number) => Promise<readonly AuditLine[]>
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

/** Opens the store of one channel, of which what writes is loaded when it is called. Writes nothing until `begin`. Throws `STORE_UNSAFE_PATH` for a root that no store may have. */
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
    begin: (changeset, beginOptions = {}) => named('begin a transaction', async () => await (await import('./begin-on-disk.ts')).beginOnDisk(context, changeset, beginOptions)),
    tidy: (tidyOptions) => named('tidy the store', async () => {
      assertReadable(context)
      const { tidyDisk } = await import('./tidy.ts')
      return tidyDisk(context, tidyOptions)
    }),
    generations: async () => {
      assertReadable(context)
      return readGenerations(context)
    },
    snapshots: async () => readSnapshots(context.paths).whole,
    createSnapshot: (name, generation) => named('name a generation', async () => await (await import('./disk-snapshots.ts')).createDiskSnapshot(context, name, generation)),
    removeSnapshot: (name) => named('remove a snapshot', async () => (await import('./disk-snapshots.ts')).removeDiskSnapshot(context, name)),
    readMemo: async (name) => readMemoFile(context, name),
    writeMemo: (name, value) => named('keep a note', () => writeMemoFile(context, name, value)),
    async publicState() {
      const manifest = head()
      if (hasUnfinished(context, manifest?.generation.number ?? 0)) return { status: 'unfinished' }
      return comparePublic(context, manifest?.generation.state ?? EMPTY_STATE)
    },
    openIntact: async (path) => openIntact(context, path),
    trash: async () => trashLists(context.paths).map((path) => readTrashHeader(path)).filter((header) => header !== undefined),
    audit: async (most) => readAuditLog(context.paths, most),
    damagedSnapshots: async () => readSnapshots(context.paths).damaged,
    removeEmpty: () => named('remove the store', async () => (await import('./remove-store.ts')).removeEmptyStore(context)),
    checkSpace: (need) => checkSpace(root, need),
  }
}

function readGenerations({ paths }: DiskContext): readonly Generation[] {
  return listGenerations(paths).map((number) => readManifest(paths, number)?.generation).filter((generation) => generation !== undefined)
}
