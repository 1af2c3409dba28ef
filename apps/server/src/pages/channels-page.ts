import type { FoundChannel } from '@mirror/store'
import { listLatest } from '../catalogue/channel-catalogue.ts'
import { formatCount, formatNumber, renderAge, renderSize } from './formats.ts'
import { html, type Html } from './html.ts'
import { joinFolder } from './join-folder.ts'
import { renderEmpty, renderFacts, renderFigures, renderSearch } from './parts.ts'
import type { PageCall, PageRoute } from './route.ts'
import type { Site } from './site.ts'
import type { ChannelSummary } from './summarize-channel.ts'
import { textOf } from './text-of.ts'

/** The channels that a caller may see, by their folders. */
export async function listSummaries({ site, canSee }: PageCall): Promise<readonly ChannelSummary[]> {
  const channels = (await site.channels()).filter(({ folder }) => canSee(folder))
  return await Promise.all(channels.map(async (channel) => await countTree(site, channel, await site.summarize(channel))))
}

/** Of a tree that another tool made nothing but its indexes tell what it holds. */
async function countTree({ catalogues }: Site, { folder, root }: FoundChannel, summary: ChannelSummary): Promise<ChannelSummary> {
  const catalogue = summary.kind === 'tree' ? await catalogues.open({ folder, root, snapshot: undefined }) : undefined
  if (catalogue === undefined) return summary
  const [latest] = listLatest(catalogue.subdirs, 1)
  const artifacts = { count: catalogue.subdirs.reduce((sum, { columns }) => sum + columns.records, 0), bytes: catalogue.subdirs.reduce((sum, { columns }) => sum + columns.bytes, 0) }
  return { ...summary, artifacts, newest: latest?.time }
}

/** The channels of the mirror. */
export const channelsRoute: PageRoute = {
  path: '/',
  summary: 'The channels of this mirror',
  async answer(call) {
    const channels = await listSummaries(call)
    if (channels.length === 0) {
      return { type: 'page', page: { title: 'Channels', main: renderEmpty('No channels yet', html`Nothing is published here so far. Run <code>mirror sync</code>: as soon as a channel is published, this page shows it.`) } }
    }
    const main = html`${renderTotals(channels, call.now)}${renderSearch({ action: `${call.root}-/search`, label: 'Search packages in all channels', isLarge: true })}<div class="block"><ul class="cards">${
      channels.map((channel) => renderCard(channel, call))}</ul></div>`
    return { type: 'page', page: { title: 'Channels', search: 'elsewhere', lead: 'Conda channels that are mirrored here. conda, mamba and pixi install from them as if they were upstream.', main } }
  },
}

function renderTotals(channels: readonly ChannelSummary[], now: number): Html {
  const counted = channels.flatMap(({ artifacts }) => (artifacts === undefined ? [] : [artifacts]))
  const synced = channels.map((channel) => channel.synced).filter((time) => time !== undefined)
  return renderFigures([
    { name: 'Channels', value: formatCount(channels.length) },
    { name: 'Artifacts', value: formatCount(counted.reduce((sum, { count }) => sum + count, 0)) },
    { name: 'Size', value: renderSize(counted.reduce((sum, { bytes }) => sum + bytes, 0)) },
    ...synced.length === 0 ? [] : [{ name: 'Longest since a sync', value: renderAge(Math.min(...synced), now) }],
  ])
}

function renderCard(channel: ChannelSummary, { root, now }: PageCall): Html {
  const { folder, subdirs, artifacts, synced, newest, kind } = channel
  const facts = renderFacts([
    { name: 'Artifacts', value: artifacts === undefined ? (kind === 'tree' ? html`<span class="none">not counted yet</span>` : undefined) : html`${formatCount(artifacts.count)}, ${renderSize(artifacts.bytes)}` },
    { name: 'Last sync', value: synced !== undefined && renderAge(synced, now) },
    { name: kind === 'tree' ? 'Newest artifact' : 'Upstream’s newest', value: newest !== undefined && renderAge(newest, now) },
  ])
  return html`<li class="card"><div class="head"><h2><a href="${channelWay(root, folder)}">${textOf(folder === '' ? 'This mirror' : folder)}</a></h2>${renderState(channel)}</div>${facts}${renderSubdirs(subdirs)}</li>`
}

/** The relative way to a channel's page. The mirror's own folder, where it is a channel itself, has its page elsewhere: its place is that of the list of channels. */
export function channelWay(root: string, folder: string): string {
  return folder === '' ? `${root}-/channel/` : `${root}${joinFolder(folder)}`
}

const TROUBLES = { failed: 'last sync failed', refused: 'last sync was refused', held: 'partly held back' } as const

/** How a channel is, in a word or two. */
export function renderState({ kind, trouble }: ChannelSummary): Html {
  if (kind === 'empty') return html`<span class="tag warn">first sync not ended</span>`
  if (kind === 'damaged') return html`<span class="tag bad">store cannot be read</span>`
  if (kind === 'tree') return html`<span class="tag">served as it lies there</span>`
  return trouble === undefined ? html`<span class="tag good">published</span>` : html`<span class="tag warn">${TROUBLES[trouble]}</span>`
}

const SHOWN = 8

function renderSubdirs(subdirs: readonly string[]): Html | undefined {
  if (subdirs.length === 0) return undefined
  const more = subdirs.length - SHOWN
  return html`<ul class="tags" aria-label="${formatNumber(subdirs.length, 'subdir')}">${subdirs.slice(0, SHOWN).map((subdir) => html`<li class="tag">${textOf(subdir)}</li>`)}${more > 0 && html`<li class="tag">and ${more} more</li>`}</ul>`
}
