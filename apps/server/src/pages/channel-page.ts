import { NO_CHANNEL } from './about-channel.ts'
import type { ChannelCatalogue } from '../catalogue/catalogues.ts'
import { listLatest } from '../catalogue/channel-catalogue.ts'
import type { ListedArtifact, SubdirCatalogue } from '../catalogue/subdir-catalogue.ts'
import { channelWay, listSummaries, renderState } from './channels-page.ts'
import { findChannel, type PageChannel } from './find-channel.ts'
import { formatCount, renderAge, renderSize } from './formats.ts'
import { html, type Html, type HtmlValue } from './html.ts'
import { renderArtifactLink, renderPackageLink } from './links.ts'
import { renderCatalogueNotes } from './open-catalogue.ts'
import { renderEmpty, renderFigures, renderNote, renderSearch, renderSection, renderTable } from './parts.ts'
import type { PageCall, PageRoute, Reply } from './route.ts'
import { renderSnapshots } from './snapshots-section.ts'
import { answerSubdir } from './subdir-page.ts'
import type { ChannelSummary } from './summarize-channel.ts'
import { textOf } from './text-of.ts'

const LATEST = 10
const AGAIN = 3

/** A channel; a subdir of one; or the channels below a folder. */
export const channelRoute: PageRoute = {
  path: '/*channel/',
  summary: 'A channel, or a subdir of one',
  tab: 'Overview',
  async answer(call) {
    const channel = await findChannel(call)
    return channel === undefined ? (await answerSubdir(call) ?? await answerFolder(call)) : await answerChannel(call, channel)
  },
}

async function answerChannel(call: PageCall, channel: PageChannel): Promise<Reply> {
  const catalogue = await call.site.catalogues.open(channel)
  const found = (await call.site.channels()).find(({ folder }) => folder === channel.folder)
  const summary = found === undefined ? undefined : await call.site.summarize(found)
  return {
    type: 'page',
    page: {
      title: channel.name, crumbs: [], tabs: channel.tabs(''),
      ...channel.snapshot === undefined && summary !== undefined ? { aside: renderState(summary) } : {},
      ...channel.snapshot === undefined ? {} : { lead: 'A state that was given a name: it stays as it is, whatever syncs bring.' },
      ...catalogue === undefined ? { refresh: AGAIN } : {},
      main: catalogue === undefined ? renderReading(channel, summary, call.now) : renderOverview({ call, channel, catalogue, summary }, await renderSnapshots(channel, call)),
    },
  }
}

/** What is known before the index has been read. */
function renderReading(channel: PageChannel, summary: ChannelSummary | undefined, now: number): Html {
  const state = channel.view.reader?.generation.state
  const figures = state === undefined ? undefined : renderFigures([
    { name: 'Artifacts', value: formatCount(state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.count, 0)) },
    { name: 'Size', value: renderSize(state.subdirs.reduce((sum, { artifacts }) => sum + artifacts.bytes, 0)) },
    { name: 'Last sync', value: renderAge(summary?.synced, now) },
  ])
  return html`${renderNote('The index is being read so that it can be searched. Files are served all the while. This page shows itself again in a moment.')}${figures}`
}

interface Overview {
  readonly call: PageCall
  readonly channel: PageChannel
  readonly catalogue: ChannelCatalogue
  readonly summary: ChannelSummary | undefined
}

function renderOverview(overview: Overview, snapshots: Html | undefined): Html {
  const { channel, catalogue } = overview
  const search = renderSearch({ action: `${channel.to}-/search`, label: `Search packages in ${channel.name}`, isLarge: true })
  if (catalogue.subdirs.length === 0 && catalogue.damaged.length === 0) return renderEmpty('Nothing is published yet', 'As soon as the first sync has ended, the packages of this channel are listed here.')
  const isChanged = overview.summary?.kind === 'published' && channel.snapshot === undefined && channel.view.reader === undefined
  const changed = isChanged && renderNote(html`Somebody changed these files after they were published. What lies there is shown and served; the next <code>mirror sync</code> looks into it.`, 'warn')
  return html`${changed}${renderCatalogueNotes(overview)}${renderChannelFigures(overview)}${search}${renderSubdirs(overview)}${renderLatest(overview)}${snapshots}`
}

function renderChannelFigures({ call: { now }, catalogue, channel, summary }: Overview): Html {
  const { subdirs, view } = catalogue
  const [latest] = listLatest(subdirs, 1)
  const synced = channel.snapshot === undefined ? { name: 'Last sync', value: renderAge(summary?.synced, now) } : { name: 'Published', value: renderAge(timeOf(view.reader?.generation.created), now) }
  return renderFigures([
    { name: 'Packages', value: formatCount(countNames(subdirs)) },
    { name: 'Artifacts', value: formatCount(sumOf(subdirs, ({ columns }) => columns.records)) },
    { name: 'Size', value: renderSize(sumOf(subdirs, ({ columns }) => columns.bytes)) },
    { name: 'Newest artifact', value: renderAge(latest?.time, now) },
    ...channel.isStore ? [synced] : [],
    ...view.reader === undefined ? [] : [{ name: 'Generation', value: view.reader.generation.number }],
  ])
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text)
}

function sumOf(subdirs: readonly SubdirCatalogue[], of: (subdir: SubdirCatalogue) => number): number {
  return subdirs.reduce((total, subdir) => total + of(subdir), 0)
}

const counted = new WeakMap<ChannelCatalogue['subdirs'], number>()

/** Different names in all subdirs. Counted once for each state. */
function countNames(subdirs: ChannelCatalogue['subdirs']): number {
  const known = counted.get(subdirs)
  if (known !== undefined) return known
  const names = new Set<string>()
  for (const subdir of subdirs) for (let name = 0; name < subdir.names; name += 1) names.add(subdir.nameAt(name))
  counted.set(subdirs, names.size)
  return names.size
}

function renderSubdirs({ call: { now }, channel, catalogue }: Overview): Html {
  const rows = catalogue.subdirs.map(({ columns, names, artifactAt }): readonly HtmlValue[] => {
    const latest = columns.latest[0]
    return [
      html`<a href="${channel.to}${encodeURIComponent(columns.subdir)}/">${textOf(columns.subdir)}</a>`, formatCount(names), formatCount(columns.records), renderSize(columns.bytes),
      renderAge(latest === undefined ? undefined : artifactAt(latest).time, now),
    ]
  })
  const table = renderTable({
    caption: `Subdirs of ${channel.name}`,
    columns: [{ title: 'Subdir', kind: 'row' }, { title: 'Packages', kind: 'number' }, { title: 'Artifacts', kind: 'number' }, { title: 'Size', kind: 'number' }, { title: 'Newest', kind: 'number', isMore: true }],
    rows,
  })
  return renderSection({ title: 'Subdirs', id: 'subdirs' }, table)
}

function renderLatest({ call: { now }, channel, catalogue }: Overview): Html | undefined {
  const latest = listLatest(catalogue.subdirs, LATEST)
  if (latest.length === 0) return undefined
  const row = (artifact: ListedArtifact): readonly HtmlValue[] =>
    [renderArtifactLink(channel.to, artifact), renderPackageLink(channel.to, artifact.name), textOf(artifact.subdir), renderSize(artifact.size), renderAge(artifact.time, now)]
  const table = renderTable({
    caption: 'Newest artifacts',
    columns: [{ title: 'Artifact', kind: 'file' }, { title: 'Package', isMore: true }, { title: 'Subdir', isMore: true }, { title: 'Size', kind: 'number', isMore: true }, { title: 'Built', kind: 'number' }],
    rows: latest.map(row),
  })
  return renderSection({ title: 'Newest artifacts', id: 'newest', note: 'By the time at which they were built' }, table)
}

/** A folder that channels lie below. */
async function answerFolder(call: PageCall): Promise<Reply> {
  const folder = `${call.segments.join('/')}/`
  const below = (await listSummaries(call)).filter((channel) => channel.folder.startsWith(folder))
  if (below.length === 0) return NO_CHANNEL
  const list = html`<div class="block"><ul class="list">${below.map((channel) => html`<li><a href="${channelWay(call.root, channel.folder)}">${textOf(channel.folder)}</a></li>`)}</ul></div>`
  return { type: 'page', page: { title: call.segments.join('/'), crumbs: [], lead: 'Channels below this folder.', main: list } }
}
