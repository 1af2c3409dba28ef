import fs from 'node:fs'
import { join } from 'node:path'
import { EMPTY_STATE } from '@mirror/delta'
import { type DiskContext, ignoreEvents } from './disk-context.ts'
import { removeIfThere } from './disk-write.ts'
import { assertReadable } from './format-file.ts'
import { listGenerations, readHead, readNames } from './generation-file.ts'
import { openLock } from './lock.ts'
import { recover } from './recover.ts'
import { assertFolder } from './safe-root.ts'

/** Removes a store that nobody needs any more. What says that it is a store goes last, so that a broken removal can be begun again. */
export async function removeEmptyStore(context: DiskContext): Promise<'removed' | 'in-use' | 'busy'> {
  const { io, paths, fileMode } = context
  if (!fs.existsSync(paths.format)) return 'in-use'
  assertReadable(context)
  assertFolder(paths.own)
  const lock = openLock(io, paths.lock, fileMode)
  if (lock === undefined) return 'busy'
  try {
    await recover(context, ignoreEvents)
    lock.assertHeld()
    if (!isNeedless(context)) return 'in-use'
    await removeAll(context)
    return 'removed'
  } finally {
    lock.release()
  }
}

/** Nothing is published, named, kept for readers, on its way, or waiting to be deleted. */
function isNeedless({ paths }: DiskContext): boolean {
  const head = readHead(paths)
  const { state } = head?.generation ?? { state: EMPTY_STATE }
  const hold = [paths.trash, paths.objects, paths.snapshots, ...(head === undefined ? [paths.staging, paths.documents] : [])]
  return state.subdirs.length === 0 && state.files.length === 0 && listGenerations(paths).length <= 1 && hold.every((folder) => readNames(folder).length === 0)
}

async function removeAll(context: DiskContext): Promise<void> {
  const { io, paths } = context
  // A generation that was given up before must not come back when its documents are gone.
  if (fs.existsSync(paths.generations)) await io.syncDirectory(paths.generations)
  for (const folder of [paths.documents, paths.staging, paths.journal, paths.objects, paths.trash, paths.memo, paths.snapshots]) removeFolder(context, folder)
  for (const file of [paths.published, paths.log]) removeIfThere(io, file)
  // Nor may these when the generation that says that they are needless is gone.
  await io.syncDirectory(paths.own)
  // From here on it is a store without generations, which is an empty folder.
  removeFolder(context, paths.generations)
  removeIfThere(io, paths.head)
  // A power cut must not bring back what the format's file would have been the sign of.
  await io.syncDirectory(paths.own)
  for (const file of [paths.format, paths.lock]) removeIfThere(io, file)
  for (const folder of [paths.own, paths.root]) if (readNames(folder).length === 0) io.removeDirectory(folder)
}

/** A folder of ours, which has nothing but files. */
function removeFolder({ io }: DiskContext, folder: string): void {
  if (!fs.existsSync(folder)) return
  for (const name of readNames(folder)) removeIfThere(io, join(folder, name))
  io.removeDirectory(folder)
}
