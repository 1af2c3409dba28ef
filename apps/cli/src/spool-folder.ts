import { mkdir, mkdtemp, readdir, rm, rmdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MirrorError } from '@mirror/core'
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
  if (dryRun) return createSpool(await mkdtemp(join(tmpdir(), 'mirror-plan-')))
  const parent = join(mirrorDir, NAME)
  return createSpool(await makeFolder(parent, mirrorDir), parent)
}

function createSpool(path: string, parent?: string): SpoolFolder {
  return {
    path,
    async [Symbol.asyncDispose]() {
      await rm(path, { recursive: true, force: true })
      // Only goes when no other run has a folder in it.
      if (parent !== undefined) await rmdir(parent).catch(() => undefined)
    },
  }
}

const TRIES = 10

async function makeFolder(parent: string, mirrorDir: string): Promise<string> {
  for (let tries = 1; ; tries += 1) {
    try {
      await mkdir(mirrorDir, { recursive: true })
      // Not both at once: on a disk that cannot be written, Node would answer ENOENT for that.
      await mkdir(parent).catch(ignoreExisting)
      await removeStale(parent)
      return await mkdtemp(join(parent, `${process.pid}-`))
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
      // A run that ended just now took the folder away under us.
      if (code !== 'ENOENT' || tries === TRIES) throw describeFailure(code, { mirrorDir, error })
    }
  }
}

function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}

function describeFailure(code: string, { mirrorDir, error }: { readonly mirrorDir: string; readonly error: unknown }): MirrorError<StoreErrorCode> {
  const isFull = code === 'ENOSPC' || code === 'EDQUOT'
  return new MirrorError<StoreErrorCode>(isFull ? 'STORE_NO_SPACE' : 'STORE_NOT_WRITABLE', `Cannot write the mirror ${JSON.stringify(mirrorDir)}: ${code}`, {
    hint: isFull ? 'Make room and run again.' : 'Give the user that runs the command the right to write there, or choose another folder with mirror_dir or --mirror-dir.',
    cause: error,
  })
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
