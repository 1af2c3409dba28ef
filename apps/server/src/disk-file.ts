import { type BigIntStats } from 'node:fs'
import { type FileHandle, open, realpath } from 'node:fs/promises'
import { basename, join, relative, sep } from 'node:path'
import type { ByteRange } from './conditions.ts'
import { FileReplaced, type FoundFile, type Freshness } from './found-file.ts'

const FIRST_PIECES = 65_536
const LATER_PIECES = 262_144
const ENOUGH = 1_048_576

/**
 * Finds a regular file below `root`, which must be a real path. Undefined for what is not there, is no regular file, or leads out of the root or to a dot-file by links. Throws what the
 * system says otherwise (no permission, no file handles left).
 */
export async function findDiskFile(root: string, path: string, freshness: Freshness): Promise<FoundFile | undefined> {
  const real = await resolveInside(root, path)
  if (real === undefined) return undefined
  await using handle = await openFile(real)
  const stat = await handle?.stat({ bigint: true })
  if (stat?.isFile() !== true) return undefined
  const size = Number(stat.size)
  const mark = markOf(stat)
  return {
    name: basename(path),
    size,
    etag: `${size.toString(16)}-${stat.mtimeNs.toString(16)}`,
    modified: Number(stat.mtimeMs),
    freshness,
    read: (range) => pieces({ path: real, mark, range }),
  }
}

async function resolveInside(root: string, path: string): Promise<string | undefined> {
  try {
    const real = await realpath(join(root, path))
    const inside = relative(root, real)
    return inside.split(sep).some((name) => name === '' || name.startsWith('.')) ? undefined : real
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
}

async function openFile(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path)
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

/** Small pieces first, so that a thousand slow readers hold little; larger ones for those that keep up. A file that became shorter ends early. */
async function* pieces({ path, mark, range: { start, end } }: { readonly path: string; readonly mark: string; readonly range: ByteRange }): AsyncGenerator<Uint8Array> {
  await using handle = await openFile(path)
  if (handle === undefined || markOf(await handle.stat({ bigint: true })) !== mark) throw new FileReplaced(path)
  let buffer = Buffer.allocUnsafe(Math.min(FIRST_PIECES, end - start))
  for (let position = start; position < end;) {
    if (position - start >= ENOUGH && buffer.length < LATER_PIECES) buffer = Buffer.allocUnsafe(LATER_PIECES)
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}
