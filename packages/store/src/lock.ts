import fs from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { type DiskIo, hasErrno } from './disk-io.ts'
import { storeError } from './store-error.ts'

/** A lock that the kernel holds for this process, and takes back when the process ends in whatever way. */
export interface Lock {
  /** Throws `STORE_NO_LOCKS` when the lock file is not the one that was locked any more. */
  readonly assertHeld: () => void
  /** Twice is harmless. */
  readonly release: () => void
}

/** The handles live here because a collected handle is a released lock. */
const held = new Set<DatabaseSync>()

/** Takes the lock without waiting; undefined when another process, or another holder in this one, has it. */
export function openLock(io: DiskIo, path: string, mode: number): Lock | undefined {
  createLockFile(io, path, mode)
  const inode = inodeOf(path)
  const database = openDatabase(path)
  try {
    database.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (isBusy(error)) return undefined
    throw storeError('STORE_NO_LOCKS', `Cannot lock the store: ${String(error).replace(/^Error: /, '')}`, {
      cause: error, hint: `If ${JSON.stringify(path)} is damaged and no other run is active, delete it. It holds no data.`,
    })
  }
  held.add(database)
  const lock: Lock = {
    assertHeld() {
      if (held.has(database) && inode !== undefined && inodeOf(path) === inode) return
      throw storeError('STORE_NO_LOCKS', 'Cannot continue: the lock file was replaced while the lock was held', {
        hint: 'Something deleted the lock file. Make sure that no other run is active, then run the same command again.',
      })
    },
    release() {
      if (held.delete(database)) database.close()
    },
  }
  return lock
}

function createLockFile(io: DiskIo, path: string, mode: number): void {
  if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return
  try {
    io.close(io.create(path, mode))
  } catch (error) {
    if (!hasErrno(error, 'EEXIST')) throw error
  }
}

function inodeOf(path: string): string | undefined {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false, bigint: true })
  return stat === undefined || !stat.isFile() ? undefined : `${stat.dev}:${stat.ino}`
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' && [5, 6].includes(error.errcode & 0xff)
}

type SqliteModule = typeof import('node:sqlite')
let sqlite: SqliteModule | undefined

function openDatabase(path: string): DatabaseSync {
  sqlite ??= quietly(() => process.getBuiltinModule('node:sqlite'))
  return new sqlite.DatabaseSync(path)
}

/** Node before 24.15 calls its SQLite experimental, on stderr; what is used here has not changed since. */
function quietly<T>(load: () => T): T {
  // oxlint-disable-next-line typescript/unbound-method -- it is put back as it was
  const original = process.emitWarning
  const filtered = (warning: string | Error, ...rest: readonly unknown[]): void => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) Reflect.apply(original, process, [warning, ...rest])
  }
  process.emitWarning = filtered
  try {
    return load()
  } finally {
    process.emitWarning = original
  }
}
