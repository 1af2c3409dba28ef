import fs from 'node:fs'
import { join } from 'node:path'
import type { Snapshot, SnapshotResult } from './contract.ts'
import { type DiskContext, ignoreEvents } from './disk-context.ts'
import { formatSealed, makeFolders, removeIfThere, replaceFile } from './disk-write.ts'
import { FORMAT, readHead, readManifest } from './generation-file.ts'
import { openLock } from './lock.ts'
import { recover } from './recover.ts'
import { assertFolder } from './safe-root.ts'
import { assertSnapshotName, readSnapshots, snapshotPath } from './snapshot-file.ts'

/** Names a generation. The lock keeps `tidy` from giving the generation up meanwhile; the rename of the file is the one step that counts. */
export async function createDiskSnapshot(context: DiskContext, name: string, generation: number | undefined): Promise<SnapshotResult> {
  assertSnapshotName(name)
  return await locked(context, async (): Promise<SnapshotResult> => {
    const { io, paths, clock, fileMode, directoryMode } = context
    const found = generation === undefined ? readHead(paths) : readManifest(paths, generation)
    const same = readSnapshots(paths).whole.find((snapshot) => snapshot.name === name)
    if (same !== undefined) return { status: 'taken', snapshot: same }
    if (found === undefined) return { status: 'absent' }
    const snapshot: Snapshot = { name, generation: found.generation.number, named: clock().toISOString() }
    await makeFolders(io, paths.snapshots, directoryMode)
    const text = formatSealed({ format: FORMAT, ...snapshot })
    await replaceFile(io, snapshotPath(paths, name), { temporary: join(paths.staging, 'snapshot-draft'), text, mode: fileMode })
    return { status: 'created', snapshot }
  }) ?? { status: 'absent' }
}

/** Takes a name away, also one whose file cannot be read. */
export async function removeDiskSnapshot(context: DiskContext, name: string): Promise<'removed' | 'absent' | 'busy'> {
  assertSnapshotName(name)
  const done = await locked(context, async () => {
    const { io, paths } = context
    if (!removeIfThere(io, snapshotPath(paths, name))) return 'absent'
    await io.syncDirectory(paths.snapshots)
    return 'removed'
  })
  return done === undefined ? 'absent' : typeof done === 'string' ? done : 'busy'
}

/** Runs something under the lock of a store; undefined where there is no store, busy while another holds it. */
async function locked<T>(context: DiskContext, run: () => Promise<T>): Promise<T | { readonly status: 'busy' } | undefined> {
  const { io, paths, fileMode } = context
  if (!fs.existsSync(paths.format)) return undefined
  for (const folder of [paths.own, paths.staging, paths.snapshots]) assertFolder(folder)
  const lock = openLock(io, paths.lock, fileMode)
  if (lock === undefined) return { status: 'busy' }
  try {
    await recover(context, ignoreEvents)
    lock.assertHeld()
    return await run()
  } finally {
    lock.release()
  }
}
