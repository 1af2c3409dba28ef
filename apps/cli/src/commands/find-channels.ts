import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isMirrorError, isSubdirName, KNOWN_SUBDIRS, MirrorError } from '@mirror/core'
import { createDiskStore, inspectRoot } from '@mirror/store'
import { INSTALLER_FOLDERS, listSubdirs, sumInstallers } from '@mirror/sync'
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
export async function listChannels(session: Session): Promise<readonly MirroredChannel[]> {
  if (!isFolderAlone(session)) return listConfigured(session)
  const { mirrorDir } = session.config
  const found = await findStores(mirrorDir)
  if (found.length > 0) return found
  throw new MirrorError<CliErrorCode>('MIRROR_NOT_FOUND', `Cannot find a mirror in ${JSON.stringify(mirrorDir)}: no channel lies there`, {
    hint: 'Name its folder with --mirror-dir, or a configuration with -f.',
  })
}

/** Finds the stores below a folder, as deep as channels nest; subdirs and dot-folders are not entered. */
export async function findStores(mirrorDir: string): Promise<readonly MirroredChannel[]> {
  return await findFolders(mirrorDir, [], isStore)
}

/** Finds the folders below one that have subdirs with an index: stores, and channels that another tool made. */
export async function findTrees(mirrorDir: string): Promise<readonly MirroredChannel[]> {
  return await findFolders(mirrorDir, [], (root) => listSubdirs(root).length > 0)
}

async function findFolders(mirrorDir: string, segments: readonly string[], isChannel: (root: string) => boolean): Promise<readonly MirroredChannel[]> {
  const root = join(mirrorDir, ...segments)
  const folder = segments.join('/')
  const own = segments.length > 0 && isChannel(root) ? [{ channel: folder, folder, root }] : []
  if (segments.length >= DEPTH) return own
  const entries = readEntries(root)
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
  const nested = []
  for (const name of names.toSorted()) {
    if (!isSubdirName(name) || !KNOWN_SUBDIRS.includes(name)) nested.push(...await findFolders(mirrorDir, [...segments, name], isChannel))
  }
  return [...own, ...nested]
}

/** At once: the module of promises would take longer to load than most folders to read. */
function readEntries(root: string): readonly Dirent[] {
  try {
    return readdirSync(root, { withFileTypes: true })
  } catch {
    return []
  }
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
