import { type BigIntStats } from 'node:fs'
import { open, realpath, stat } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import { readAtPace } from '@mirror/store'
import type { ByteRange } from './conditions.ts'
import { FileReplaced, type FoundFile, type Freshness } from './found-file.ts'

/**
 * Finds a regular file below `root`, which must be a real path. Undefined for what is not there, is no regular file, or leads out of the root or to a dot-file by links. Throws what the
 * system says otherwise (no permission, no file handles left).
 */
export async function findDiskFile(root: string, path: string, freshness: Freshness): Promise<FoundFile | undefined> {
  const real = await resolveInside(root, path)
  if (real === undefined) return undefined
  const status = await unlessAbsent(stat(real, { bigint: true }))
  if (status?.isFile() !== true) return undefined
  const size = Number(status.size)
  const mark = markOf(status)
  return {
    name: basename(path),
    size,
    etag: `${size.toString(16)}-${status.mtimeNs.toString(16)}`,
    modified: Number(status.mtimeMs),
    freshness,
    mark,
    read: (range) => pieces({ path: real, mark, range }),
  }
}

async function resolveInside(root: string, path: string): Promise<string | undefined> {
  const real = await unlessAbsent(realpath(join(root, path)))
  const inside = real === undefined ? '' : relative(root, real)
  return inside.split(sep).some((name) => name === '' || name.startsWith('.')) ? undefined : real
}

/** Undefined where nothing has the name; throws what else the system says. */
async function unlessAbsent<Value>(asked: Promise<Value>): Promise<Value | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

const ABSENT: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && ABSENT.has(error.code)
}

function markOf({ size, mtimeNs, ino }: BigIntStats): string {
  return `${size}:${mtimeNs}:${ino}`
}

async function* pieces({ path, mark, range }: { readonly path: string; readonly mark: string; readonly range: ByteRange }): AsyncGenerator<Uint8Array> {
  await using handle = await unlessAbsent(open(path))
  if (handle === undefined || markOf(await handle.stat({ bigint: true })) !== mark) throw new FileReplaced(path)
  let left = range.end - range.start
  for await (const piece of readAtPace(handle, { ...range, isBorrowed: true })) {
    left -= piece.length
    // Somebody may have written into the very file: the last piece would make a whole of two states.
    if (left === 0 && markOf(await handle.stat({ bigint: true })) !== mark) return
    yield piece
  }
}
