import { findChannels, type FoundChannel } from '@mirror/store'
import type { Catalogues } from '../catalogue/catalogues.ts'
import type { MirrorFiles } from '../mirror-files.ts'
import { createTimedCache } from '../timed-cache.ts'
import type { PageTab } from './layout.ts'
import { type ChannelSummary, summarizeChannel } from './summarize-channel.ts'

/** What pages are made from. One for a server. */
export interface Site {
  readonly mirrorDir: string
  /** Default: the system's folder for temporary files. */
  readonly temporaryFolder: string | undefined
  readonly files: MirrorFiles
  readonly catalogues: Catalogues
  /** What is known of a channel without reading its indexes, as it was within the last second. */
  readonly summarize: (channel: FoundChannel) => Promise<ChannelSummary>
  /** The channels of the mirror, as they lay there within the last second, in order; without the mirror's own folder where it holds installers alone. */
  readonly channels: () => Promise<readonly FoundChannel[]>
  /** The pages that every channel has, in order. `path` is behind that of the channel. */
  readonly tabs: readonly { readonly text: string; readonly path: string }[]
}

/** Options of `createSite`. */
export interface SiteOptions {
  readonly mirrorDir: string
  readonly temporaryFolder?: string | undefined
  readonly files: MirrorFiles
  readonly catalogues: Catalogues
  readonly tabs: Site['tabs']
}

const LIFETIME = 1000
const SUMMARIES = 1000

/** Creates the site of a mirror. Reads nothing yet. */
export function createSite({ mirrorDir, temporaryFolder, files, catalogues, tabs }: SiteOptions): Site {
  const found = createTimedCache<readonly FoundChannel[]>({ lifetime: LIFETIME, capacity: 1, now: () => performance.now() })
  const summaries = createTimedCache<ChannelSummary>({ lifetime: LIFETIME, capacity: SUMMARIES, now: () => performance.now() })
  return {
    mirrorDir, temporaryFolder, files, catalogues, tabs,
    summarize: async (channel) => await summaries.get(channel.folder, async () => await summarizeChannel(channel)),
    channels: async () => await found.get('', async () => findChannels(mirrorDir).filter(({ folder, subdirs }) => folder !== '' || subdirs.length > 0)),
  }
}

/** The tabs of a channel's page: `to` is the relative way to the channel's folder, `own` that to its own page, `current` the path of the page that is shown. */
export function createTabs({ tabs }: Site, { to, own, current }: { readonly to: string; readonly own: string; readonly current: string }): readonly PageTab[] {
  return tabs.map(({ text, path }) => ({ text, href: path === '' ? own : `${to}${path}`, isCurrent: path === current }))
}
