import { readFile } from 'node:fs/promises'
import { MirrorError } from '@mirror/core'
import type { Config } from '../config/config.ts'
import type { CliErrorCode } from '../error-codes.ts'

/** What was read of the files that closures name. */
export interface LoadedSeeds {
  /** The configuration with their seeds. */
  readonly config: Config
  /** What of them was left alone, as sentences for people. */
  readonly notes: readonly string[]
}

/** Reads the environment and lock files that the configuration's closures name. Throws `CONFIG_UNREADABLE` and `SEEDS_INVALID`. */
export async function loadSeeds(config: Config): Promise<LoadedSeeds> {
  if (config.channels.every(({ seedFiles }) => seedFiles.environments.length + seedFiles.locks.length === 0)) return { config, notes: [] }
  const { readAllSeedFiles } = await import('../config/read-seed-files.ts')
  return await readAllSeedFiles(config, readText)
}

async function readText(path: string): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path))
  } catch (cause) {
    const reason = cause instanceof TypeError ? 'it is not UTF-8' : cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MirrorError<CliErrorCode>('CONFIG_UNREADABLE', `Cannot read ${JSON.stringify(path)}, which "closure" names: ${reason}`, {
      hint: 'A relative path starts from the folder of the configuration.', cause,
    })
  }
}
