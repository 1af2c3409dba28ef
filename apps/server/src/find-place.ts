import { existsSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { isSubdirName } from '@mirror/core'
import type { ChannelPlace } from './channel-view.ts'

/** Where the files of a folder belong. */
export interface Place extends ChannelPlace {
  /** The folder's path below the channel. */
  readonly below: readonly string[]
}

/** Channels nest no deeper. */
const DEPTH = 7

/**
 * The store nearest above a folder; where there is none, what lies above the folder, as if that were a subdir. A store at the mirror's own root, where installers lie, has nothing to say of
 * channels that lie below. Undefined where there is no mirror.
 */
export async function findPlace(mirrorDir: string, folders: readonly string[]): Promise<Place | undefined> {
  const root = await realpath(mirrorDir).catch(() => undefined)
  if (root === undefined) return undefined
  const split = (depth: number): Place => ({ root, folder: folders.slice(0, depth).join('/'), below: folders.slice(depth) })
  const least = folders.length > 1 && !isSubdirName(folders[0] ?? '') ? 1 : 0
  for (let depth = Math.min(folders.length, DEPTH); depth >= least; depth -= 1) if (isStore(split(depth))) return split(depth)
  return split(Math.max(0, folders.length - 1))
}

/** True for a channel's folder that has a store of ours. */
export function isStore({ root, folder }: ChannelPlace): boolean {
  return existsSync(join(root, folder, '.mirror', 'format.json'))
}
