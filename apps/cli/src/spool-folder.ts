import { mkdir, mkdtemp, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isMirrorError, MirrorError } from '@mirror/core'
import type { StoreErrorCode } from '@mirror/store'

/** A folder for what is worked on; removed when it is disposed of. */
export interface SpoolFolder extends AsyncDisposable {
  readonly path: string
}

const NAME = '.mirror-spool'
const DAY = 86_400_000

/**
 * Makes a spool folder: in the mirror for a real run, where there is room for what will be published, in the system's temporary folder for a dry one. Removes
 * those that runs which died left there more than a day ago. Throws `STORE_NOT_WRITABLE` or `STORE_NO_SPACE`.
 */
export async function createSpoolFolder(mirrorDir: string, dryRun: boolean): Promise<SpoolFolder> {
  if (dryRun) return createIn(join(tmpdir(), 'mirror-plan-'))
  const parent = join(mirrorDir, NAME)
  await makeFolder(parent, mirrorDir)
  await removeStale(parent)
  return createIn(join(parent, `${process.pid}-`), parent)
}

async function createIn(prefix: string, parent?: string): Promise<SpoolFolder> {
  const path = await mkdtemp(prefix)
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
      // Only goes when no other run has a folder in it.
      if (parent !== undefined) await rmdir(parent).catch(() => undefined)
    },
  }
}

async function makeFolder(path: string, mirrorDir: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (error) {
    if (isMirrorError(error)) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new MirrorError<StoreErrorCode>(code === 'ENOSPC' || code === 'EDQUOT' ? 'STORE_NO_SPACE' : 'STORE_NOT_WRITABLE', `Cannot write the mirror ${JSON.stringify(mirrorDir)}: ${code}`, {
      hint: 'Give the user that runs the command the right to write there, or choose another folder with mirror_dir or --mirror-dir.',
      cause: error,
    })
  }
}

async function removeStale(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const path = join(parent, name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > DAY && !isAlive(Number.parseInt(name, 10))) await rm(path, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
