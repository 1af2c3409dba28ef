import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { MANIFEST_PATH, MAXIMUM_MANIFEST_BYTES, SIGNATURE_PATH } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { openFile } from '../files/open-file.ts'
import { checkBytes, createProgress, damaged, placedEntries } from './check-bytes.ts'
import type { DeltaSource } from './delta-source.ts'

/** The largest signature file that is read. */
export const MAXIMUM_SIGNATURE_BYTES: number = 64 * 1024

/** Opens a delta directory: what a recorder wrote, or an unpacked tarball. Files that the manifest does not name are not looked at. Undefined when it has no manifest. */
export async function openDirectorySource(folder: string): Promise<DeltaSource | undefined> {
  const manifestBytes = await readWhole(folder, MANIFEST_PATH, MAXIMUM_MANIFEST_BYTES)
  if (manifestBytes === undefined) return undefined
  const signature = await readWhole(folder, SIGNATURE_PATH, MAXIMUM_SIGNATURE_BYTES)
  const label = folder
  return {
    label, manifestBytes, signature: signature === undefined ? undefined : Buffer.from(signature).toString('utf8'), volumes: undefined,
    async verify(manifest, { signal, observe }) {
      const progress = createProgress(observe)
      for (const entry of placedEntries(manifest)) {
        signal?.throwIfAborted()
        await using file = await openEntry(folder, entry.path)
        if (file === undefined) throw difftarError('DELTA_INCOMPLETE', `Cannot use ${entry.path} of ${label}: it is not there, or is no plain file`, { hint: 'Bring the whole folder over again. Nothing was changed.', details: { path: entry.path } })
        if (file.size !== entry.size) throw damaged(entry.path, { label, what: `it has ${file.size} bytes instead of ${entry.size}` })
        await checkBytes(entry, file.pieces(0, file.size), { label, signal })
        progress.advance(entry.size)
      }
      progress.end()
    },
    async *open(path) {
      await using file = await openEntry(folder, path)
      if (file === undefined) throw damaged(path, { label, what: 'it is gone' })
      yield* file.pieces(0, file.size)
    },
    async [Symbol.asyncDispose]() {
      // Nothing is held open.
    },
  }
}

/** Paths of entries are plain segments; that none of the folders on the way is a link is looked at here. */
async function openEntry(folder: string, path: string): ReturnType<typeof openFile> {
  const segments = path.split('/')
  for (let depth = 1; depth < segments.length; depth += 1) {
    const stat = lstatSync(join(folder, ...segments.slice(0, depth)), { throwIfNoEntry: false })
    if (stat?.isDirectory() !== true) return undefined
  }
  return openFile(join(folder, path))
}

async function readWhole(folder: string, path: string, most: number): Promise<Uint8Array | undefined> {
  await using file = await openEntry(folder, path)
  if (file === undefined) return undefined
  if (file.size > most) throw difftarError('DELTA_UNSAFE_ARCHIVE', `Cannot read ${path} of ${folder}: it has ${file.size} bytes, more than ${most}`, { hint: 'Nothing was changed.' })
  return await file.read(0, file.size)
}
