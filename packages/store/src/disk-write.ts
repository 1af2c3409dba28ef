import { hash } from 'node:crypto'
import fs from 'node:fs'
import { dirname } from 'node:path'
import { type DiskIo, hasErrno } from './disk-io.ts'

/** One write of more than this costs twice the system time of a smaller one on some kernels. */
const WRITE_BYTES = 64 * 1024

/** Writes all of it, however few bytes each write takes. */
export function writeAll(io: DiskIo, fd: number, bytes: Uint8Array): void {
  let start = 0
  while (start < bytes.length) {
    const written = io.write(fd, start === 0 && bytes.length <= WRITE_BYTES ? bytes : bytes.subarray(start, start + WRITE_BYTES))
    if (written <= 0) throw Object.assign(new Error('write: no byte was taken'), { code: 'EIO', syscall: 'write' })
    start += written
  }
}

/** Removes a file; true when there was one. */
export function removeIfThere(io: DiskIo, path: string): boolean {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) === undefined) return false
  try {
    io.unlink(path)
    return true
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return false
    throw error
  }
}

/** What a new file is made of: its bytes, in pieces. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

/** Writes a new file and makes its bytes (not yet its name) durable; a leftover of that name is removed first, a failed file afterwards. */
export async function writeNewFile(io: DiskIo, path: string, { pieces, mode }: { readonly pieces: Pieces; readonly mode: number }): Promise<void> {
  removeIfThere(io, path)
  const fd = io.create(path, mode)
  try {
    for await (const piece of pieces) writeAll(io, fd, piece)
    await io.sync(fd)
  } catch (error) {
    discard(io, path)
    throw error
  } finally {
    io.close(fd)
  }
}

/** Removes what a failed write left; its own failure matters less than the one that led here. */
export function discard(io: DiskIo, path: string): void {
  try {
    removeIfThere(io, path)
  } catch {
    // The next transaction looks at every leftover anyway.
  }
}

/** Replaces a small file, so that after a crash it reads either as before or as after. */
export async function replaceFile(io: DiskIo, path: string, { temporary, text, mode }: ReplaceOptions): Promise<void> {
  await writeNewFile(io, temporary, { pieces: [Buffer.from(text)], mode })
  io.rename(temporary, path)
  await io.syncDirectory(dirname(path))
}

/** Options of `replaceFile`. */
export interface ReplaceOptions {
  /** Where it is written first: in the same file system. */
  readonly temporary: string
  readonly text: string
  readonly mode: number
}

/** Makes a folder and what is missing above it, and makes their names durable. */
export async function makeFolders(io: DiskIo, path: string, mode: number): Promise<void> {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return
  const parent = dirname(path)
  await makeFolders(io, parent, mode)
  try {
    io.mkdir(path, mode)
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
  await io.syncDirectory(parent)
}

/** Reads a small file; undefined when there is none. */
export function readSmallFile(path: string): string | undefined {
  try {
    return fs.readFileSync(path, 'utf8')
  } catch (error) {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR')) return undefined
    throw error
  }
}

/** One line of JSON and a second line with the sha256 of the first, so that a torn or damaged file shows. */
export function formatSealed(value: unknown): string {
  const line = JSON.stringify(value)
  return `${line}\n${hash('sha256', line, 'hex')}\n`
}

/** The value of a sealed file; undefined when it is not whole. */
export function parseSealed(text: string): unknown {
  const end = text.indexOf('\n')
  if (end < 0 || text.slice(end + 1) !== `${hash('sha256', text.slice(0, end), 'hex')}\n`) return undefined
  return parseJson(text.slice(0, end))
}

/** Parses JSON; undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return value
  } catch {
    return undefined
  }
}

/** True for a whole number from 0 that a double holds exactly. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && typeof value === 'number' && value >= 0
}
