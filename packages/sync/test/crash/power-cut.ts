import { execFile, spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createDiskIo, type DiskIo } from '@mirror/store'

/** A file system that a power cut is tried on. */
export const FILE_SYSTEMS = {
  ext4: { megabytes: 32, make: ['mkfs.ext4', '-q', '-F'], mount: [] },
  xfs: { megabytes: 320, make: ['mkfs.xfs', '-q', '-f'], mount: ['nouuid'] },
  btrfs: { megabytes: 128, make: ['mkfs.btrfs', '-q', '-f'], mount: [] },
} as const

export type FileSystem = keyof typeof FILE_SYSTEMS

const run = promisify(execFile)

/** Why images cannot be mounted here; undefined where they can. */
export function whyNoMounts(folder: string, type: FileSystem): string | undefined {
  const { make: [command] } = FILE_SYSTEMS[type]
  if (process.platform !== 'linux') return `${type}: only on Linux`
  if (spawnSync('sh', ['-c', `PATH="$PATH:/usr/sbin:/sbin"; command -v ${command}`]).status !== 0) return `${type}: there is no ${command}`
  try {
    const image = createImage(folder, type)
    const where = join(folder, `${type}-try`)
    mount(image, where, type)
    unmount(where)
    fs.rmSync(image)
    return undefined
  } catch (error) {
    return `${type}: ${error instanceof Error ? error.message : String(error)}`
  }
}

function carryOut(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8', env: { ...process.env, PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` } })
  if (status !== 0) throw new Error(`${command}: ${stderr?.trim() ?? 'cannot be started'}`)
}

/** An image with an empty file system. */
export function createImage(folder: string, type: FileSystem): string {
  const { megabytes, make: [command, ...args] } = FILE_SYSTEMS[type]
  const image = join(folder, `${type}.img`)
  fs.closeSync(fs.openSync(image, 'w'))
  fs.truncateSync(image, megabytes * 1024 * 1024)
  carryOut(command, [...args, image])
  return image
}

/** Mounts an image; what its journal has is replayed. */
export function mount(image: string, where: string, type: FileSystem): void {
  fs.mkdirSync(where, { recursive: true })
  carryOut('mount', ['-t', type, '-o', ['loop', ...FILE_SYSTEMS[type].mount].join(','), image, where])
}

export function unmount(where: string): void {
  carryOut('umount', [where])
}

/** The image as its disk is at this moment, with no word to the file system: what a power cut leaves. */
export async function copyImage(image: string, to: string): Promise<void> {
  await run('cp', ['--sparse=always', image, to])
}

/** A disk whose image is copied before the first change and after each one, with real syncs. */
export function snapshotIo(image: string, snapshots: string): { readonly io: DiskIo; readonly taken: () => readonly string[] } {
  const real = createDiskIo()
  const taken: string[] = []
  const take = (): void => {
    const path = join(snapshots, `${String(taken.length).padStart(4, '0')}.img`)
    carryOut('cp', ['--sparse=always', image, path])
    taken.push(path)
  }
  const noted = <Arguments extends readonly unknown[], Result>(operation: (...given: Arguments) => Result) => (...given: Arguments): Result => {
    const result = operation(...given)
    take()
    return result
  }
  const notedLater = <Argument>(operation: (given: Argument) => Promise<void>) => async (given: Argument): Promise<void> => {
    await operation(given)
    take()
  }
  take()
  const io: DiskIo = {
    mkdir: noted(real.mkdir), create: noted(real.create), append: real.append, write: noted(real.write), truncate: noted(real.truncate), sync: notedLater(real.sync),
    syncDirectory: notedLater(real.syncDirectory), link: noted(real.link), rename: noted(real.rename), unlink: noted(real.unlink), removeDirectory: noted(real.removeDirectory), close: real.close,
  }
  return { io, taken: () => taken }
}
