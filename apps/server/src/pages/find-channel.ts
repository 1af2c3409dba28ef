import { join } from 'node:path'
import type { ChannelView } from '../channel-view.ts'
import { isStore } from '../find-place.ts'
import { joinFolder } from './join-folder.ts'
import type { PageLink, PageTab } from './layout.ts'
import type { PageCall } from './route.ts'
import { createTabs } from './site.ts'

/** A channel, or a snapshot of one, that a page is about. */
export interface PageChannel {
  /** Its folder below the mirror; empty for the mirror itself. */
  readonly folder: string
  /** The name of the snapshot that is looked at. */
  readonly snapshot: string | undefined
  /** How people call it. */
  readonly name: string
  /** Where it lies on the disk. */
  readonly root: string
  /** A store of ours; otherwise a tree that another tool made. */
  readonly isStore: boolean
  /** Its files as they are shown now. */
  readonly view: ChannelView
  /** The relative way to its folder from the page that was asked for, such as `../`. */
  readonly to: string
  /** Links to it and what is above, for a page below it. */
  readonly crumbs: readonly PageLink[]
  /** The tabs of its pages; `current` is the `path` of the page, such as `-/disk-use`. */
  readonly tabs: (current?: string) => readonly PageTab[]
}

const SNAPSHOTS = 'snapshots'

/**
 * The channel that the `*channel` of a route names, at the path `channel` below the root or below `snapshots/<name>`. Undefined where there is none, or none that the caller may see: these
 * are not told apart.
 */
export async function findChannel(call: PageCall, names: string | readonly string[] | undefined = call.params['channel']): Promise<PageChannel | undefined> {
  const path = typeof names === 'string' ? [names] : (names ?? [])
  const [first, second] = path
  const snapshot = first === SNAPSHOTS && path.length > 2 ? second : undefined
  const folder = (snapshot === undefined ? path : path.slice(2)).join('/')
  const { site, canSee } = call
  const found = (await site.channels()).find((one) => one.folder === folder)
  if (found === undefined || !canSee(folder)) return undefined
  const view = await site.files.view(folder, snapshot)
  return view === undefined ? undefined : describe(call, { path, folder, snapshot, view })
}

interface Found {
  readonly path: readonly string[]
  readonly folder: string
  readonly snapshot: string | undefined
  readonly view: ChannelView
}

function describe({ site, root }: PageCall, { path, folder, snapshot, view }: Found): PageChannel {
  const to = `${root}${joinFolder(path.join('/'))}`
  const name = folder === '' ? 'this mirror' : folder
  const text = snapshot === undefined ? name : `${name} at ${snapshot}`
  const place = join(site.mirrorDir, folder)
  // The mirror's own folder, where it is a channel itself, has its page elsewhere: its place is that of the list of channels.
  const own = folder === '' ? `${to}-/channel/` : to
  return {
    folder, snapshot, view, to, name: text, root: place,
    isStore: isStore({ root: site.mirrorDir, folder }),
    crumbs: [{ text, href: own }],
    tabs: (current = '') => createTabs(site, { to, own, current }),
  }
}
