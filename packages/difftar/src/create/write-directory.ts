import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { dirname, join } from 'node:path'
import { DELTA_FOLDER, MANIFEST_PATH } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { changing, syncFolder } from '../files/change-disk.ts'
import { openFile } from '../files/open-file.ts'
import { createDraft } from '../files/write-file.ts'
import { treeDamaged } from '../tree/read-subdir.ts'
import type { CreateEvent } from './create-delta.ts'
import type { SourcedEntry } from './plan-delta.ts'
import type { HeadMember } from './plan-volumes.ts'

/** What `writeDirectory` writes. */
export interface WriteDirectoryOptions {
  readonly entries: readonly SourcedEntry[]
  readonly heads: readonly HeadMember[]
  readonly observe: (event: CreateEvent) => void
  readonly signal: AbortSignal | undefined
}

/** Makes a folder hold exactly one delta. What is there and right stays; what does not belong goes; the manifest comes last, so that a broken run leaves none. */
export async function writeDirectory(folder: string, { entries, heads, observe, signal }: WriteDirectoryOptions): Promise<void> {
  prepareDirectory(folder)
  for (const { file, place, size, sha256 } of entries) {
    signal?.throwIfAborted()
    observe({ type: 'delta-entry-added', path: place, size })
    if (await hashFile(join(folder, place), size) !== sha256) await copyFile(file, { to: join(folder, place), sha256 })
  }
  finishDirectory(folder, { places: new Set(entries.map(({ place }) => place)), heads })
}

/** Makes a folder ready to become a delta directory, and takes its manifest away, for good: no power cut brings it back beside other files. Throws `DELTA_TARGET_FOREIGN` for a folder that holds something else. */
export function prepareDirectory(folder: string): void {
  const names = fs.existsSync(folder) ? fs.readdirSync(folder) : []
  if (names.length > 0 && !names.includes(DELTA_FOLDER)) {
    throw difftarError('DELTA_TARGET_FOREIGN', `Cannot write a delta to ${JSON.stringify(folder)}: it is not empty, and no delta directory`, { hint: 'Name an empty folder. Nothing was changed.', details: { names: names.slice(0, 10) } })
  }
  const own = join(folder, DELTA_FOLDER)
  changing(own, () => {
    fs.mkdirSync(own, { recursive: true })
    fs.rmSync(join(folder, MANIFEST_PATH), { force: true })
  })
  // Its own name as well: without it, what a power cut leaves would be taken for somebody else's.
  for (const path of [own, folder, dirname(folder)]) syncFolder(path)
}

/** Removes what does not belong to the delta, and writes what describes it, the manifest last, when all else is durable. */
export function finishDirectory(folder: string, { places, heads }: { readonly places: ReadonlySet<string>; readonly heads: readonly HeadMember[] }): void {
  changing(folder, () => removeOthers(folder, '', new Set([...places, ...heads.map(({ path }) => path)])))
  for (const path of listFolders(folder)) syncFolder(path)
  for (const { path, bytes } of heads.toReversed()) {
    const draft = createDraft(join(folder, path))
    try {
      draft.write(bytes)
      draft.publish()
    } finally {
      draft.discard()
    }
  }
  syncFolder(join(folder, DELTA_FOLDER))
}

/** The folder, all in it, and the one that it lies in. */
function listFolders(folder: string): readonly string[] {
  const inner = fs.readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isDirectory())
  return [...inner.map((entry) => join(entry.parentPath, entry.name)), folder, dirname(folder)]
}

/** True when nothing is left in the folder. */
function removeOthers(folder: string, path: string, wanted: ReadonlySet<string>): boolean {
  let left = 0
  for (const entry of fs.readdirSync(join(folder, path), { withFileTypes: true })) {
    const place = path === '' ? entry.name : `${path}/${entry.name}`
    if (entry.isDirectory()) {
      if (!removeOthers(folder, place, wanted) || place === DELTA_FOLDER) left += 1
      else fs.rmdirSync(join(folder, place))
    } else if (wanted.has(place)) left += 1
    else fs.unlinkSync(join(folder, place))
  }
  return left === 0
}

async function copyFile(from: string, { to, sha256 }: { readonly to: string; readonly sha256: string }): Promise<void> {
  await using file = await openFile(from, { follow: true })
  if (file === undefined) throw treeDamaged('it is missing', from)
  changing(to, () => fs.mkdirSync(dirname(to), { recursive: true }))
  const draft = createDraft(to)
  try {
    const hash = createHash('sha256')
    for await (const piece of file.pieces(0, file.size)) {
      hash.update(piece)
      draft.write(piece)
    }
    if (hash.digest('hex') !== sha256) throw treeDamaged('its bytes are not what the index says', from)
    draft.publish()
  } finally {
    draft.discard()
  }
}

/** The sha256 of a file of that size; undefined for anything else. */
export async function hashFile(path: string, size: number): Promise<string | undefined> {
  await using file = await openFile(path)
  if (file?.size !== size) return undefined
  const hash = createHash('sha256')
  for await (const piece of file.pieces(0, size)) hash.update(piece)
  return hash.digest('hex')
}
