import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

const MEMORY = '/dev/shm'
const NEEDED = 2 * 1024 ** 3

/** Where folders are made in which nothing depends on a disk: in memory, where there is enough. */
export const findMemory = () => {
  try {
    const { bavail, bsize } = statfsSync(MEMORY)
    return bavail * bsize > NEEDED ? MEMORY : tmpdir()
  } catch {
    return tmpdir()
  }
}
