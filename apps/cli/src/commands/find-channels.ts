import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { isMirrorError, isSubdirName, KNOWN_SUBDIRS, MirrorError } from '@mirror/core'
import { inspectRoot } from '@mirror/store'
import type { CliErrorCode } from '../error-codes.ts'
import type { Session } from './session.ts'

/** A channel that is, or should be, in the mirror. */
export interface MirroredChannel {
  /** The channel's URL, or its folder where no configuration names it. */
  readonly channel: string
  readonly folder: string
  readonly root: string
}

const DEPTH = 6

/**
 * The channels to look at: those of the configuration; or, where only a folder is given, those that are found below it. Throws `MIRROR_NOT_FOUND` when that
 * finds none.
 */
export async function listChannels({ config, flags }: Session): Promise<readonly MirroredChannel[]> {
  const isFolderAlone = flags.channels.length === 0 && (config.file === undefined || (flags.mirrorDir !== undefined && flags.file === undefined))
  if (!isFolderAlone) {
    return config.channels.map(({ channel }) => ({ channel: channel.url, folder: channel.folder, root: join(config.mirrorDir, ...channel.folder.split('/')) }))
  }
  const found = await findStores(config.mirrorDir, [])
  if (found.length > 0) return found
  throw new MirrorError<CliErrorCode>('MIRROR_NOT_FOUND', `Cannot find a mirror in ${JSON.stringify(config.mirrorDir)}: no channel lies there`, {
    hint: 'Name its folder with --mirror-dir, or a configuration with -f.',
  })
}

/** Looks for stores, as deep as channels nest; subdirs and dot-folders are not entered. */
async function findStores(mirrorDir: string, segments: readonly string[]): Promise<readonly MirroredChannel[]> {
  const root = join(mirrorDir, ...segments)
  const folder = segments.join('/')
  const own = segments.length > 0 && isStore(root) ? [{ channel: folder, folder, root }] : []
  if (segments.length >= DEPTH) return own
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
  const nested = []
  for (const name of names.toSorted()) {
    if (!isSubdirName(name) || !KNOWN_SUBDIRS.includes(name)) nested.push(...await findStores(mirrorDir, [...segments, name]))
  }
  return [...own, ...nested]
}

function isStore(root: string): boolean {
  try {
    return inspectRoot(root).kind === 'store'
  } catch (error) {
    if (isMirrorError(error)) return false
    throw error
  }
}
