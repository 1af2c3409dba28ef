import { isMirrorError, MirrorError, type MirrorErrorOptions } from '@mirror/core'
import { hasErrno } from './disk-io.ts'
import type { StoreErrorCode } from './error-codes.ts'

/** An error of this package. */
export function storeError(code: StoreErrorCode, message: string, options?: MirrorErrorOptions): MirrorError<StoreErrorCode> {
  return new MirrorError(code, message, options)
}

/** Turns what the operating system threw into an error of this package; anything else stays what it is. `action` reads *<verb> <thing>*. */
export function asStoreError(error: unknown, action: string): unknown {
  if (isMirrorError(error) || !isErrno(error)) return error
  const options = { cause: error, details: { errno: error.code } }
  if (error.syscall === 'chown' || error.syscall === 'fchown') {
    return storeError('STORE_NOT_WRITABLE', `Cannot ${action}: this user may not give files to the group (${error.code})`, {
      ...options, hint: 'Choose a group that the user is a member of, or run as the owner of both.',
    })
  }
  if (hasErrno(error, 'ENOSPC', 'EDQUOT', 'EFBIG')) {
    return storeError('STORE_NO_SPACE', `Cannot ${action}: the disk is full or a quota is reached`, {
      ...options, hint: 'Make room and run the same command again; the mirror is whole, and what was stored so far is kept.',
    })
  }
  if (hasErrno(error, 'EACCES', 'EPERM', 'EROFS')) {
    return storeError('STORE_NOT_WRITABLE', `Cannot ${action}: the file system or its permissions do not allow it (${error.code})`, {
      ...options, hint: 'Give this user the right to write to the whole mirror folder.',
    })
  }
  return storeError('STORE_WRITE_FAILED', `Cannot ${action}: ${error.message}`, { ...options, hint: 'The mirror is whole. Check the disk, then run the same command again.' })
}

function isErrno(error: unknown): error is Error & { readonly code: string; readonly syscall: unknown } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}

/** Runs an action and names its failure. */
export async function named<T>(action: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw asStoreError(error, action)
  }
}
