import { type Changeset, EMPTY_STATE, stateId } from '@mirror/delta'
import type { BeginOptions, BeginResult } from './contract.ts'
import { type DiskContext, ignoreEvents } from './disk-context.ts'
import { createDiskReader } from './disk-reader.ts'
import { openDiskTransaction } from './disk-transaction.ts'
import { makeFolders } from './disk-write.ts'
import { openFormat } from './format-file.ts'
import { type Manifest, readHead } from './generation-file.ts'
import { type Lock, openLock } from './lock.ts'
import { recover } from './recover.ts'
import { assertFolder, assertSafeRoot, inspectRoot } from './safe-root.ts'
import { storeError } from './store-error.ts'

/**
 * Begins a transaction on the disk: takes the lock, finishes what a run left unfinished, and compares what the changeset starts from with what is there. Throws
 * `STORE_UNSAFE_PATH` and `STORE_FOREIGN` before anything is written.
 */
export async function beginOnDisk(context: DiskContext, changeset: Changeset, options: BeginOptions): Promise<BeginResult> {
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
