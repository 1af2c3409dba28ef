import type { SubdirCatalogue } from '../catalogue/subdir-catalogue.ts'
import { findChannel, type PageChannel } from './find-channel.ts'
import { formatCount, renderAge, renderSize } from './formats.ts'
import { html, type Html, type HtmlValue } from './html.ts'
import { renderPackageLink } from './links.ts'
import { type CataloguePage, renderCatalogueNotes } from './open-catalogue.ts'
import { choosePage, renderEmpty, renderFigures, renderPager, renderSection, renderTable } from './parts.ts'
import type { PageCall, Reply } from './route.ts'
import { summarizePackage } from '../catalogue/channel-catalogue.ts'
import { textOf } from './text-of.ts'

const PER_PAGE = 100
const FILES = ['repodata.json', 'repodata.json.zst', 'repodata.json.bz2', 'current_repodata.json', 'repodata_shards.msgpack.zst', 'run_exports.json'] as const

/** The page of a subdir: the path of the request is that of its folder. Undefined where there is none. */
export async function answerSubdir(call: PageCall): Promise<Reply | undefined> {
  const names = call.segments.slice(0, -1)
  const subdir = call.segments.at(-1) ?? ''
  const channel = await findChannel(call, names)
  if (channel === undefined) return undefined
  const catalogue = await call.site.catalogues.open(channel)
  if (catalogue === undefined) return { type: 'not-yet', what: `The index of ${channel.name} is being read so that it can be listed.` }
  const found = catalogue.subdirs.find(({ columns }) => columns.subdir === subdir)
  const isDamaged = catalogue.damaged.some((one) => one.subdir === subdir)
  if (found === undefined && !isDamaged) return undefined
  const files = await renderFiles(channel, subdir)
  const main = found === undefined ? html`${renderCatalogueNotes({ channel, catalogue })}${files}` : renderPackages({ call, channel, catalogue }, found, files)
  return { type: 'page', page: { title: subdir, crumbs: channel.crumbs, tabs: channel.tabs('-/search'), main } }
}

function renderPackages({ call, channel, catalogue }: CataloguePage, subdir: SubdirCatalogue, files: Html): Html {
  const { columns, names } = subdir
  const page = choosePage(call.query, { total: names, perPage: PER_PAGE })
  const first = (page.page - 1) * PER_PAGE
  const shown = Array.from({ length: Math.min(PER_PAGE, names - first) }, (_, at) => subdir.nameAt(first + at))
  const figures = renderFigures([{ name: 'Packages', value: formatCount(names) }, { name: 'Artifacts', value: formatCount(columns.records) }, { name: 'Size', value: renderSize(columns.bytes) }])
  const table = renderTable({
    caption: `Packages of ${columns.subdir}`,
    columns: [{ title: 'Package', kind: 'row' }, { title: 'Latest version' }, { title: 'Artifacts', kind: 'number' }, { title: 'Size', kind: 'number' }, { title: 'Newest', kind: 'number', isMore: true }],
    rows: shown.map((name) => renderRow(name, { subdir, channel, call })),
  })
  const list = names === 0 ? renderEmpty('No packages', 'The index of this subdir is there and lists nothing.') : html`${table}${renderPager(page, call.query)}`
  const unusable = columns.unusable > 0 && html`<p class="soft">${formatCount(columns.unusable)} of its records have file names that no artifact may have (CEP 26), and are left out.</p>`
  return html`${renderCatalogueNotes({ channel, catalogue })}${figures}${renderSection({ title: 'Packages', id: 'packages' }, html`${list}${unusable}`)}${files}`
}

function renderRow(name: string, { subdir, channel, call }: { readonly subdir: SubdirCatalogue; readonly channel: PageChannel; readonly call: PageCall }): readonly HtmlValue[] {
  const summary = summarizePackage([subdir], name)
  return [renderPackageLink(channel.to, name), textOf(summary?.latestVersion ?? ''), formatCount(summary?.artifacts ?? 0), renderSize(summary?.size), renderAge(summary?.newest, call.now)]
}

async function renderFiles(channel: PageChannel, subdir: string): Promise<Html> {
  const found = await Promise.all(FILES.map(async (name) => ({ name, file: await channel.view.find(`${subdir}/${name}`) })))
  const rows = found.flatMap(({ name, file }): readonly (readonly HtmlValue[])[] =>
    file === undefined ? [] : [[html`<a href="${channel.to}${encodeURIComponent(subdir)}/${name}">${name}</a>`, renderSize(file.size)]])
  const table = renderTable({ caption: `Index files of ${subdir}`, columns: [{ title: 'File', kind: 'file' }, { title: 'Size', kind: 'number' }], rows })
  return renderSection({ title: 'Index files', id: 'files', note: 'What clients read' }, table)
}
