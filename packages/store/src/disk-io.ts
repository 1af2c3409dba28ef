import fs from 'node:fs'

/**
 * Every change that the disk store makes to a file system goes through these few operations, in order, so that a test can count them, fail them, or
 * stop at any of them. Reading is not among them. `close` changes nothing and is not counted.
 */
export interface DiskIo {
  /** Makes one folder with exactly this mode; EEXIST when something has the name. */
  readonly mkdir: (path: string, mode: number) => void
  /** Makes a file that must not exist, never through a symlink, with exactly this mode. */
  readonly create: (path: string, mode: number) => number
  /** Opens an existing file for adding at its end, never through a symlink. */
  readonly append: (path: string) => number
  /** Writes at the current end and answers how many of the bytes were taken, which may be fewer. */
  readonly write: (fd: number, bytes: Uint8Array) => number
  readonly truncate: (fd: number, length: number) => void
  /** fdatasync. After a failure the file's content is unknown: never retry. */
  readonly sync: (fd: number) => Promise<void>
  /** Makes names in a folder durable. */
  readonly syncDirectory: (path: string) => Promise<void>
  readonly link: (from: string, to: string) => void
  readonly rename: (from: string, to: string) => void
  readonly unlink: (path: string) => void
  readonly removeDirectory: (path: string) => void
  readonly close: (fd: number) => void
}

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants

/** Options of `createDiskIo`. */
export interface DiskIoOptions {
  /** The group that new files and folders are given to, whatever that of the process is. Default: as the system does. */
  readonly group?: number
}

/** Sets what a new file or folder is to have, whatever the process would give it. */
interface Access {
  readonly setMode: (mode: number, read: () => number, write: () => void) => void
  /** Before the mode, of which giving away takes bits. */
  readonly setGroup: (read: () => number, write: (gid: number) => void) => void
}

function createAccess(group: number | undefined): Access {
  const asAsked = new Map<number, boolean>()
  return {
    setGroup(read, write) {
      if (group !== undefined && read() !== group) write(group)
    },
    /** A umask may have taken bits away; whether it does is looked at once for each mode. */
    setMode(mode, read, write) {
      const known = asAsked.get(mode)
      if (known === true) return
      if (known === undefined) {
        const same = (read() & 0o777) === mode
        asAsked.set(mode, same)
        if (same) return
      }
      try {
        write()
      } catch (error) {
        if (!hasErrno(error, 'EPERM', 'ENOTSUP', 'ENOSYS')) throw error
      }
    },
  }
}

function createFile(path: string, mode: number, { setGroup, setMode }: Access): number {
  const fd = fs.openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode)
  try {
    setGroup(() => fs.fstatSync(fd).gid, (gid) => fs.fchownSync(fd, -1, gid))
    setMode(mode, () => fs.fstatSync(fd).mode, () => fs.fchmodSync(fd, mode))
    return fd
  } catch (error) {
    fs.closeSync(fd)
    fs.unlinkSync(path)
    throw error
  }
}

/** The real file system. */
export function createDiskIo({ group }: DiskIoOptions = {}): DiskIo {
  const access = createAccess(group)
  return {
    mkdir(path, mode) {
      fs.mkdirSync(path, mode)
      access.setGroup(() => fs.statSync(path).gid, (gid) => fs.chownSync(path, -1, gid))
      access.setMode(mode, () => fs.statSync(path).mode, () => fs.chmodSync(path, mode))
    },
    create: (path, mode) => createFile(path, mode, access),
    append: (path) => fs.openSync(path, O_WRONLY | O_APPEND | O_NOFOLLOW),
    write: (fd, bytes) => fs.writeSync(fd, bytes),
    truncate: (fd, length) => fs.ftruncateSync(fd, length),
    sync: (fd) => new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)))
    }),
    syncDirectory,
    link: (from, to) => fs.linkSync(from, to),
    rename: (from, to) => fs.renameSync(from, to),
    unlink: (path) => fs.unlinkSync(path),
    removeDirectory: (path) => fs.rmdirSync(path),
    close: (fd) => fs.closeSync(fd),
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await fs.promises.open(path, 'r')
  try {
    await handle.sync()
  } catch (error) {
    if (!hasErrno(error, 'EINVAL', 'ENOTSUP')) throw error
  } finally {
    await handle.close()
  }
}

/** True for an error of the operating system with one of these codes. */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
