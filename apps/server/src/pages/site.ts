import { findChannels, type FoundChannel } from '@mirror/store'
import type { MirrorFiles } from '../mirror-files.ts'
import { createTimedCache } from '../timed-cache.ts'
import type { PageTab } from './layout.ts'

/** What pages are made from. One for a server. */
export interface Site {
  readonly mirrorDir: string
  readonly files: MirrorFiles
  /** The channels of the mirror, as they lay there within the last second, in order; without the mirror's own folder where it holds installers alone. */
  readonly channels: () => Promise<readonly FoundChannel[]>
  /** The pages that every channel has, in order. `path` is behind that of the channel. */
  readonly tabs: readonly { readonly text: string; readonly path: string }[]
}

/** Options of `createSite`. */
export interface SiteOptions {
  readonly mirrorDir: string
  readonly files: MirrorFiles
  readonly tabs: Site['tabs']
}

const LIFETIME = 1000

/** Creates the site of a mirror. Reads nothing yet. */
export function createSite({ mirrorDir, files, tabs }: SiteOptions): Site {
  const found = createTimedCache<readonly FoundChannel[]>({ lifetime: LIFETIME, capacity: 1, now: () => performance.now() })
  return {
    mirrorDir, files, tabs,
    channels: async () => await found.get('', async () => findChannels(mirrorDir).filter(({ folder, subdirs }) => folder !== '' || subdirs.length > 0)),
  }
}

/** The tabs of a channel's page: `to` is the relative way to the channel's folder, `current` the path of the page that is shown. */
export function createTabs({ tabs }: Site, { to, current }: { readonly to: string; readonly current: string }): readonly PageTab[] {
  return tabs.map(({ text, path }) => ({ text, href: `${to}${path}`, isCurrent: path === current }))
}
