import { join } from 'node:path'
import { isMirrorError, MirrorError } from '@mirror/core'
import { createDiskStore, findChannels, type FoundChannel, inspectRoot } from '@mirror/store'
import { INSTALLER_FOLDERS, sumInstallers } from '@mirror/sync'
import type { CliErrorCode } from '../error-codes.ts'
import type { Session } from './session.ts'

/** A channel that is, or should be, in the mirror. */
export interface MirroredChannel {
  /** The channel's URL, or its folder where no configuration names it. */
  readonly channel: string
  readonly folder: string
  readonly root: string
}

/** True when a folder is given and nothing that says which channels are meant. */
export function isFolderAlone({ config, flags }: Session): boolean {
  return flags.channels.length === 0 && (config.file === undefined || (flags.mirrorDir !== undefined && flags.file === undefined))
}

/** Where a channel lies in the mirror. */
export function rootOf({ config }: Session, folder: string): string {
  return join(config.mirrorDir, ...folder.split('/'))
}

/** The channels of the configuration. */
export function listConfigured(session: Session): readonly MirroredChannel[] {
  return session.config.channels.map(({ channel }) => ({ channel: channel.url, folder: channel.folder, root: rootOf(session, channel.folder) }))
}

/**
 * The channels to look at: those of the configuration; or, where only a folder is given, those that are found below it. Throws `MIRROR_NOT_FOUND` when that
 * finds none.
 */
export function listChannels(session: Session): readonly MirroredChannel[] {
  if (!isFolderAlone(session)) return listConfigured(session)
  const { mirrorDir } = session.config
  const found = findStores(mirrorDir)
  if (found.length > 0) return found
  throw new MirrorError<CliErrorCode>('MIRROR_NOT_FOUND', `Cannot find a mirror in ${JSON.stringify(mirrorDir)}: no channel lies there`, {
    hint: 'Name its folder with --mirror-dir, or a configuration with -f.',
  })
}

/** Finds the stores below a folder. */
export function findStores(mirrorDir: string): readonly MirroredChannel[] {
  return findBelow(mirrorDir, (found) => found.isStore)
}

/** Finds the folders below one that have subdirs with an index: stores, and channels that another tool made. */
export function findTrees(mirrorDir: string): readonly MirroredChannel[] {
  return findBelow(mirrorDir, ({ subdirs }) => subdirs.length > 0)
}

function findBelow(mirrorDir: string, isWanted: (found: FoundChannel) => boolean): readonly MirroredChannel[] {
  return findChannels(mirrorDir).filter((found) => found.folder !== '' && isWanted(found)).map(({ folder, root }) => ({ channel: folder, folder, root }))
}

function isStore(root: string): boolean {
  try {
    return inspectRoot(root).kind === 'store'
  } catch (error) {
    if (isMirrorError(error)) return false
    throw error
  }
}

/** The name under which commands show the installers, which are in no channel. */
const INSTALLERS = 'installers'

/** True for the installers in a list of channels: they lie at the root. */
export function isInstallers({ folder }: Pick<MirroredChannel, 'folder'>): boolean {
  return folder === ''
}

/** The installers of the mirror as if they were a channel, in a list of its own; empty where there are none, and where channels are named on the command line. */
export async function listInstallers({ config: { mirrorDir }, flags }: Session): Promise<readonly MirroredChannel[]> {
  if (flags.channels.length > 0 || !isStore(mirrorDir)) return []
  const head = await createDiskStore({ root: mirrorDir, folders: INSTALLER_FOLDERS }).head()
  // A folder alone may be that of a channel.
  const hasInstallers = head !== undefined && head.state.subdirs.length === 0 && sumInstallers(head.state).length > 0
  return hasInstallers ? [{ channel: INSTALLERS, folder: '', root: mirrorDir }] : []
}
