import { listSizes } from '../catalogue/channel-catalogue.ts'
import type { ChannelCatalogue } from '../catalogue/catalogues.ts'
import { formatCount, formatNumber, renderSize } from './formats.ts'
import { html, type Html } from './html.ts'
import { renderPackageLink } from './links.ts'
import { answerFromCatalogue, type CataloguePage, renderCatalogueNotes } from './open-catalogue.ts'
import { choosePage, renderBar, renderEmpty, renderFigures, renderPager, renderSection, renderTable } from './parts.ts'
import type { PageRoute } from './route.ts'
import { textOf } from './text-of.ts'

const PER_PAGE = 50

/** What takes the space of a channel. */
export const diskUseRoute: PageRoute = {
  path: '/*channel/-/disk-use',
  summary: 'The space that packages and subdirs of a channel take',
  tab: 'Disk use',
  answer: async (call) => await answerFromCatalogue(call, (page) => {
    const { channel, catalogue } = page
    const sizes = measure(catalogue)
    const main = sizes.total === 0 && sizes.packages.length === 0
      ? html`${renderCatalogueNotes(page)}${renderEmpty('Nothing takes space yet', 'As soon as something is published, its size is shown here.')}`
      : html`${renderCatalogueNotes(page)}${renderTotals(sizes)}${renderSubdirs(page, sizes)}${renderPackages(page, sizes)}`
    return { type: 'page', page: { title: 'Disk use', crumbs: channel.crumbs, tabs: channel.tabs('-/disk-use'), lead: 'What the artifacts take that the index lists, by the sizes in their records.', main } }
  }),
}

interface Sizes {
  readonly total: number
  readonly artifacts: number
  readonly packages: ReturnType<typeof listSizes>
}

const measured = new WeakMap<ChannelCatalogue['subdirs'], Sizes>()

/** Measured once for each state. */
function measure({ subdirs }: ChannelCatalogue): Sizes {
  const known = measured.get(subdirs)
  if (known !== undefined) return known
  const packages = listSizes(subdirs)
  const sizes = { packages, total: packages.reduce((sum, { size }) => sum + size, 0), artifacts: packages.reduce((sum, { artifacts }) => sum + artifacts, 0) }
  measured.set(subdirs, sizes)
  return sizes
}

function renderTotals({ total, packages, artifacts }: Sizes): Html {
  return renderFigures([
    { name: 'Size', value: renderSize(total) },
    { name: 'Artifacts', value: formatCount(artifacts) },
    { name: 'Packages', value: formatCount(packages.length) },
    { name: 'Per artifact', value: renderSize(artifacts === 0 ? 0 : Math.round(total / artifacts)) },
  ])
}

function renderSubdirs({ channel, catalogue }: CataloguePage, { total }: Sizes): Html {
  const sorted = catalogue.subdirs.toSorted((left, right) => right.columns.bytes - left.columns.bytes)
  const table = renderTable({
    caption: 'Size of each subdir',
    columns: [{ title: 'Subdir', kind: 'row' }, { title: 'Artifacts', kind: 'number', isMore: true }, { title: 'Size', kind: 'number' }, { title: 'Share', kind: 'number' }, { title: 'Bar', kind: 'bar', isMore: true }],
    rows: sorted.map(({ columns: { subdir, records, bytes } }) => [
      html`<a href="${channel.to}${encodeURIComponent(subdir)}/">${textOf(subdir)}</a>`, formatCount(records), renderSize(bytes), formatShare(bytes, total), renderBar(total === 0 ? 0 : bytes / total),
    ]),
  })
  return renderSection({ title: 'By subdir', id: 'by-subdir', note: formatNumber(sorted.length, 'subdir') }, table)
}

function renderPackages({ call, channel }: CataloguePage, { packages, total }: Sizes): Html {
  const page = choosePage(call.query, { total: packages.length, perPage: PER_PAGE })
  const largest = packages[0]?.size ?? 0
  const shown = packages.slice((page.page - 1) * PER_PAGE, page.page * PER_PAGE)
  const table = renderTable({
    caption: 'Size of each package',
    columns: [{ title: 'Package', kind: 'row' }, { title: 'Artifacts', kind: 'number', isMore: true }, { title: 'Size', kind: 'number' }, { title: 'Share', kind: 'number' }, { title: 'Bar', kind: 'bar', isMore: true }],
    rows: shown.map(({ name, size, artifacts }) => [renderPackageLink(channel.to, name), formatCount(artifacts), renderSize(size), formatShare(size, total), renderBar(largest === 0 ? 0 : size / largest)]),
  })
  return renderSection({ title: 'By package', id: 'by-package', note: 'Largest first; bars compare with the largest' }, html`${table}${renderPager(page, call.query)}`)
}

function formatShare(bytes: number, total: number): string {
  const share = total === 0 ? 0 : (bytes / total) * 100
  return share > 0 && share < 0.1 ? 'below 0.1 %' : `${share.toFixed(1)} %`
}
