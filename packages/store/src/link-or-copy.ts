import fs from 'node:fs'
import { join } from 'node:path'
import type { DiskContext } from './disk-context.ts'
import { hasErrno } from './disk-io.ts'
import { objectName } from './disk-paths.ts'
import { writeNewFile } from './disk-write.ts'
import { digestsOf, readPieces } from './hash-file.ts'
import type { TrashEntry } from './trash.ts'

/** What link(2) answers where there are no hard links, or no more of them. */
export const NO_LINKS: readonly string[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV']

/** Gives a file's bytes a second name, or copies them where the file system has no hard links. Nothing is done when there is no file, or the name is taken. */
export async function linkOrCopy(context: DiskContext, from: string, to: string): Promise<void> {
  if (fs.existsSync(to) || !fs.existsSync(from)) return
  try {
    context.io.link(from, to)
  } catch (error) {
    if (!hasErrno(error, ...NO_LINKS)) throw error
    const draft = join(context.paths.staging, 'copy-draft')
    await writeNewFile(context.io, draft, { pieces: readPieces(from), mode: context.fileMode })
    context.io.rename(draft, to)
  }
}

/**
 * Keeps the bytes of a public file in `objects/`, under the digests by which an older generation may know them: whatever lies there may be an artifact
 * whose grace is not over.
 */
export async function setAside(context: DiskContext, path: string): Promise<readonly TrashEntry[]> {
  const from = context.paths.public(path)
  const entries: TrashEntry[] = []
  for (const digest of await digestsOf(from)) {
    const object = objectName(digest)
    await linkOrCopy(context, from, join(context.paths.objects, object))
    entries.push({ object, path, size: fs.lstatSync(from).size })
  }
  return entries
}
