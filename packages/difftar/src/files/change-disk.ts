import fs from 'node:fs'
import { difftarError } from '../difftar-error.ts'
import { hasErrno } from './open-file.ts'

/** Carries out a change of a disk for a file that is written. What the system says when it does not work is told as `FILE_NOT_WRITTEN`. */
export function changing<T>(path: string, change: () => T): T {
  try {
    return change()
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error
    const isFull = hasErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')
    throw difftarError('FILE_NOT_WRITTEN', `Cannot write ${path}: ${isFull ? 'the disk is full or a quota is reached' : error.message}`, {
      hint: isFull ? 'Make room and run the same command again.' : 'Check the disk, and that this user may write there; then run the same command again.', cause: error, details: { errno: String(error.code) },
    })
  }
}

/** Makes the names in a folder durable, where the file system can and this user may read it. */
export function syncFolder(path: string): void {
  changing(path, () => {
    try {
      const fd = fs.openSync(path, 'r')
      try {
        fs.fsyncSync(fd)
      } finally {
        fs.closeSync(fd)
      }
    } catch (error) {
      if (!hasErrno(error, 'EINVAL', 'ENOTSUP', 'EACCES')) throw error
    }
  })
}
