import { findPackages, type Match, parseSearch, summarizePackage } from '../catalogue/channel-catalogue.ts'
import type { CatalogueName, ChannelCatalogue } from '../catalogue/catalogues.ts'
import { channelWay } from './channels-page.ts'
import { joinFolder } from './join-folder.ts'
import { formatCount, formatNumber, renderAge, renderSize } from './formats.ts'
import { html, type Html, type HtmlValue } from './html.ts'
import { renderPackageLink } from './links.ts'
import { answerFromCatalogue, renderCatalogueNotes } from './open-catalogue.ts'
import { choosePage, renderEmpty, renderNote, renderPager, renderSearch, renderTable } from './parts.ts'
import type { PageCall, PageRoute } from './route.ts'
import { textOf } from './text-of.ts'

const PER_PAGE = 50

/** A channel that was searched. */
export interface Searched {
  readonly folder: string
  /** The relative way to it. */
  readonly to: string
  readonly catalogue: ChannelCatalogue
}

/** A package of a channel that fits. */
export interface Hit extends Match {
  readonly channel: Searched
}

/** Searches in all channels that the caller may see. Those of which the index is still being read are named. */
export async function searchAll(call: PageCall, text: string): Promise<{ readonly hits: readonly Hit[]; readonly missing: readonly string[] }> {
  const { site, canSee, root } = call
  const channels = (await site.channels()).filter(({ folder }) => canSee(folder))
  const opened = await Promise.all(channels.map(async ({ folder, root: place }) => {
    const name: CatalogueName = { folder, snapshot: undefined, root: place }
    return { folder, catalogue: await site.catalogues.open(name) }
  }))
  const searched = opened.flatMap(({ folder, catalogue }) => (catalogue === undefined ? [] : [{ folder, to: `${root}${joinFolder(folder)}`, catalogue }]))
  return { hits: searchChannels(searched, text), missing: opened.filter(({ catalogue }) => catalogue === undefined).map(({ folder }) => folder) }
}

/** What fits in some channels, best first. */
export function searchChannels(channels: readonly Searched[], text: string): readonly Hit[] {
  const words = parseSearch(text)
  const hits = channels.flatMap((channel) => findPackages(channel.catalogue.subdirs, words).map((match): Hit => ({ ...match, channel })))
  return channels.length === 1 ? hits : hits.toSorted((left, right) => left.fit - right.fit || compare(left.name, right.name) || compare(left.channel.folder, right.channel.folder))
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** Searches in all channels. */
export const searchRoute: PageRoute = {
  path: '/-/search',
  summary: 'Packages of all channels by their name: ?q=, &page=',
  async answer(call) {
    const text = call.query.get('q') ?? ''
    const title = text.trim() === '' ? 'All packages' : 'Search'
    const { hits, missing } = await searchAll(call, text)
    const notes = missing.length > 0 && renderNote(`Still being read, so that nothing of it is found yet: ${missing.join(', ')}.`)
    const main = html`${notes}${renderHits(call, { hits, text, hasChannel: true })}`
    return { type: 'page', page: { title, crumbs: [], search: { text }, ...missing.length > 0 ? { refresh: AGAIN } : {}, lead: describeHits(hits, text), main } }
  },
}

const AGAIN = 3

/** Searches in one channel. */
export const channelSearchRoute: PageRoute = {
  path: '/*channel/-/search',
  summary: 'Packages of a channel by their name: ?q=, &page=',
  tab: 'Packages',
  answer: async (call) => await answerFromCatalogue(call, (page) => {
    const { channel, catalogue } = page
    const text = call.query.get('q') ?? ''
    const hits = searchChannels([{ folder: channel.folder, to: channel.to, catalogue }], text)
    const form = renderSearch({ action: `${channel.to}-/search`, label: `Search packages in ${channel.name}`, text, isLarge: true })
    const main = html`${renderCatalogueNotes(page)}${form}${renderHits(call, { hits, text, hasChannel: false })}`
    return { type: 'page', page: { title: 'Packages', crumbs: channel.crumbs, tabs: channel.tabs('-/search'), lead: describeHits(hits, text), main } }
  }),
}

function describeHits(hits: readonly Hit[], text: string): Html {
  const what = formatNumber(hits.length, 'package')
  return text.trim() === '' ? html`${what}, by name.` : html`${what} with ${textOf(`“${text.trim().slice(0, 200)}”`)} in the name, the best matches first.`
}

interface Results {
  readonly hits: readonly Hit[]
  readonly text: string
  readonly hasChannel: boolean
}

function renderHits({ query, now, root }: PageCall, { hits, text, hasChannel }: Results): Html {
  if (hits.length === 0) return html`<div class="block">${renderNothing(text)}</div>`
  const page = choosePage(query, { total: hits.length, perPage: PER_PAGE })
  const shown = hits.slice((page.page - 1) * PER_PAGE, page.page * PER_PAGE)
  const row = ({ name, channel: { catalogue, to, folder } }: Hit): readonly HtmlValue[] => {
    const summary = summarizePackage(catalogue.subdirs, name)
    if (summary === undefined) return []
    const channel = hasChannel ? [html`<a href="${channelWay(root, folder)}">${textOf(folder === '' ? 'this mirror' : folder)}</a>`] : []
    return [
      renderPackageLink(to, name), ...channel, textOf(summary.latestVersion), formatCount(summary.versions), formatCount(summary.artifacts), renderSize(summary.size),
      textOf(summary.subdirs.join(', ')), renderAge(summary.newest, now),
    ]
  }
  const table = renderTable({
    caption: 'Packages that were found',
    columns: [
      { title: 'Package', kind: 'row' }, ...hasChannel ? [{ title: 'Channel' }] : [], { title: 'Latest version' }, { title: 'Versions', kind: 'number', isMore: true }, { title: 'Builds', kind: 'number' },
      { title: 'Size', kind: 'number', isMore: true }, { title: 'Subdirs', isMore: true }, { title: 'Newest', kind: 'number', isMore: true },
    ],
    rows: shown.map(row),
  })
  return html`<div class="block">${table}${renderPager(page, query)}</div>`
}

function renderNothing(text: string): Html {
  return text.trim() === ''
    ? renderEmpty('No packages', 'Nothing is listed here yet.')
    : renderEmpty('Nothing found', html`No package has ${textOf(text.trim().slice(0, 200))} in its name. A part of a name is enough; versions are on the page of each package.`)
}
