import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type ChannelUrl, MirrorError, parseChannelUrl } from '@mirror/core'
import { inspectRoot, listSubdirs, type StoreErrorCode } from '@mirror/store'
import { INSTALLER_FOLDERS } from '@mirror/sync'
import { findTrees, rootOf } from './find-channels.ts'
import type { Session } from './session.ts'

/** What a file system has of its own at the top of a disk. */
const OF_THE_DISK: ReadonlySet<string> = new Set(['lost+found'])
const NAMED = 3

/**
 * Throws `STORE_FOREIGN` for a mirror's folder that holds something and nothing of a mirror: no folder of a configured channel, no channel at all, no installers. Nothing is looked at
 * once a configured channel has its folder.
 */
export async function assertMirrorFolder(session: Session): Promise<void> {
  const { mirrorDir, channels } = session.config
  if (!existsSync(mirrorDir) || channels.some(({ channel }) => existsSync(rootOf(session, channel.folder)))) return
  const names = readdirSync(mirrorDir).filter((name) => !name.startsWith('.') && !OF_THE_DISK.has(name)).toSorted()
  if (names.length === 0 || INSTALLER_FOLDERS.some((folder) => names.includes(folder)) || findTrees(mirrorDir).length > 0) return
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : ''
  const [first] = channels
  throw new MirrorError<StoreErrorCode>('STORE_FOREIGN', `Cannot use ${JSON.stringify(mirrorDir)} as the folder of a mirror: it holds ${names.slice(0, NAMED).join(', ')}${more}, and no channel`, {
    hint: `Choose another folder. If the mirror shall lie beside that, make a channel's folder first: ${JSON.stringify(first === undefined ? mirrorDir : rootOf(session, first.channel.folder))}.`,
  })
}

/** Says of a channel's folder that another tool filled it, where a sync takes it over. */
export function tellAdoption({ folder }: ChannelUrl, session: Session): void {
  const found = inspectRoot(rootOf(session, folder))
  if (!session.flags.adopt || found.kind !== 'foreign' || !found.looksLikeChannel) return
  session.renderer.render({ type: 'notice', code: 'ADOPTING', message: `${folder} was filled by another tool, and is taken over: what is right in it is used where it lies, and what is not the mirror's stays` })
}

/**
 * The tree that an early cas-mirror may have left for a channel: it kept all channels below `pkgs` in one, `<mirror_dir>/pkgs/<platform>`, while this one is kept in a folder below that. Undefined where
 * there is none, and where the channel itself is kept there.
 */
export function findOlderLayout(mirrorDir: string, channel: ChannelUrl): ChannelUrl | undefined {
  const parent = dirname(channel.folder)
  if (parent === '.') return undefined
  const root = join(mirrorDir, ...parent.split('/'))
  return existsSync(join(root, '.mirror')) || listSubdirs(root).length === 0 ? undefined : parseChannelUrl(root, { folder: parent })
}
