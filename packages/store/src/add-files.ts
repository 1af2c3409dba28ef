import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { type Artifact, createDigest } from '@mirror/core'
import type { PublishedFile } from '@mirror/delta'
import type { DiskContext } from './disk-context.ts'
import { type DiskIo, hasErrno } from './disk-io.ts'
import { stagedArtifactName, stagedFileName } from './disk-paths.ts'
import { makeFolders, removeIfThere } from './disk-write.ts'
import { checkFile, type FileIdentity } from './hash-file.ts'
import { NO_LINKS, setAside } from './link-or-copy.ts'
import { assertFolder, assertRegular } from './safe-root.ts'
import type { TrashEntry } from './trash.ts'

/** Moves verified bytes from `staging/` to their public names, before any index lists them. */
export interface FileAdder {
  readonly addArtifact: (artifact: Artifact) => Promise<void>
  readonly addFile: (file: PublishedFile) => Promise<void>
  /** Makes a folder for files that come later. */
  readonly openFolder: (folder: string) => Promise<void>
  /** Makes all names durable. Answers what had to be set aside because it had a wanted name. */
  readonly finish: () => Promise<readonly TrashEntry[]>
}

/** Creates an adder for one commit. */
export function createFileAdder(context: DiskContext): FileAdder {
  const { io, paths } = context
  const folders = new Set<string>()
  const occupied: { readonly path: string; readonly from: string }[] = []

  async function openFolder(folder: string): Promise<void> {
    if (folders.has(folder)) return
    assertFolder(folder)
    await makeFolders(io, folder, context.directoryMode)
    folders.add(folder)
  }

  /** No-replace: a name that something has is looked at, and its bytes are kept for the grace unless they are the wanted ones. */
  async function add(path: string, staged: string, identity: FileIdentity): Promise<void> {
    const target = paths.public(path)
    const from = join(paths.staging, staged)
    const folder = dirname(target)
    if (!folders.has(folder)) await openFolder(folder)
    if (moveToNewName(io, from, target)) return
    assertRegular(target)
    if (await checkFile(target, identity) === 'right') {
      removeIfThere(io, from)
      return
    }
    occupied.push({ path, from })
  }

  return {
    addArtifact: (artifact) => add(`${artifact.subdir}/${artifact.name}`, stagedArtifactName(artifact), artifact),
    addFile: (file) => add(file.path, stagedFileName(file), { digest: createDigest('sha256', file.sha256), size: file.size }),
    openFolder,
    async finish() {
      const aside: TrashEntry[] = []
      for (const { path } of occupied) aside.push(...await setAside(context, path))
      if (aside.length > 0) await io.syncDirectory(paths.objects)
      for (const { path, from } of occupied) io.rename(from, paths.public(path))
      for (const folder of folders) await io.syncDirectory(folder)
      return aside
    },
  }
}

/** False when something has the name. Where there are no hard links, a rename after a look has to do; our lock keeps our own kind out. */
function moveToNewName(io: DiskIo, from: string, target: string): boolean {
  try {
    io.link(from, target)
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false
    if (!hasErrno(error, ...NO_LINKS)) throw error
    if (fs.lstatSync(target, { throwIfNoEntry: false }) !== undefined) return false
    io.rename(from, target)
    return true
  }
  io.unlink(from)
  return true
}
