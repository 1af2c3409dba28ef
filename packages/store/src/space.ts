import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { storeError } from './store-error.ts'

/** What is about to be written. */
export interface SpaceNeed {
  /** Bytes of artifacts and indexes. */
  readonly bytes: number
  /** How many files; default 0: inodes are not looked at. */
  readonly files?: number
  /** Bytes that must stay free; default 1 % of the file system, at most 1 GiB. */
  readonly reserve?: number
}

const GIBIBYTE = 1024 ** 3

/** Throws `STORE_NO_SPACE` unless the file system of `root` has room for the bytes and 2 % more, beside the reserve, and for the files. Writes nothing. */
export async function checkSpace(root: string, { bytes, files = 0, reserve }: SpaceNeed): Promise<void> {
  const { bavail, bsize, blocks, ffree, files: inodes } = await statfs(existingFolder(resolve(root)))
  const free = bavail * bsize
  const needed = Math.ceil(bytes * 1.02) + (reserve ?? Math.min(Math.floor((blocks * bsize) / 100), GIBIBYTE))
  if (bytes > 0 && free < needed) {
    throw storeError('STORE_NO_SPACE', `Cannot write ${bytes} bytes to the mirror: ${free} are free, ${needed} are needed with the reserve`, {
      hint: 'Make room, or mirror less. Nothing was written.', details: { free, needed },
    })
  }
  if (inodes > 0 && ffree < files * 1.02) {
    throw storeError('STORE_NO_SPACE', `Cannot write ${files} files to the mirror: the file system has room for ${ffree}`, {
      hint: 'Use a file system with more inodes. Nothing was written.', details: { free: ffree, needed: files },
    })
  }
}

function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path))
}
