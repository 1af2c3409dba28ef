import { listArtifacts, listNeeding, type PackageSummary, summarizePackage } from '../catalogue/channel-catalogue.ts'
import type { ListedArtifact } from '../catalogue/subdir-catalogue.ts'
import { formatCount, formatNumber, renderAge, renderDate, renderSize } from './formats.ts'
import { html, type Html, type HtmlValue } from './html.ts'
import { renderArtifactLink, renderPackageLink } from './links.ts'
import { answerFromCatalogue, type CataloguePage, renderCatalogueNotes } from './open-catalogue.ts'
import { choosePage, renderCode, renderFigures, renderPager, renderSection, renderTable } from './parts.ts'
import type { PageRoute } from './route.ts'
import { textOf } from './text-of.ts'

const PER_PAGE = 200
const NEEDING_SHOWN = 200

/** A package of a channel: its versions and builds, and what depends on it. */
export const packageRoute: PageRoute = {
  path: '/*channel/-/package/:name',
  summary: 'A package: versions, builds, what depends on it',
  answer: async (call) => await answerFromCatalogue(call, (page) => {
    const { channel, catalogue } = page
    const name = String(call.params['name'])
    const summary = summarizePackage(catalogue.subdirs, name)
    if (summary === undefined) return { type: 'absent', what: `${channel.name} lists no package of the name ${name}.` }
    const main = html`${renderCatalogueNotes(page)}${renderSummary(summary, call.now)}${renderVersions(page, name)}${renderNeeding(page, name)}`
    return { type: 'page', page: { title: name, crumbs: [...channel.crumbs, { text: 'Packages', href: `${channel.to}-/search` }], tabs: channel.tabs('-/search'), main } }
  }),
}

function renderSummary({ latestVersion, versions, artifacts, size, newest, subdirs, name }: PackageSummary, now: number): Html {
  const figures = renderFigures([
    { name: 'Latest version', value: latestVersion === '' ? 'unknown' : textOf(latestVersion) },
    { name: 'Versions', value: formatCount(versions) },
    { name: 'Builds', value: formatCount(artifacts) },
    { name: 'Size', value: renderSize(size) },
    { name: 'Newest', value: renderAge(newest, now) },
    { name: 'Subdirs', value: textOf(subdirs.join(', ')) },
  ])
  // What a shell would read as more than a word is no name to be pasted.
  const isPlain = /^[a-z0-9_][a-z0-9._-]*$/i.test(name)
  return html`${figures}${isPlain && html`<div class="block">${renderCode('Command to install it', html`conda install ${name}`)}</div>`}`
}

function renderVersions({ call, channel, catalogue }: CataloguePage, name: string): Html {
  const artifacts = listArtifacts(catalogue.subdirs, name)
  const page = choosePage(call.query, { total: artifacts.length, perPage: PER_PAGE })
  const shown = artifacts.slice((page.page - 1) * PER_PAGE, page.page * PER_PAGE)
  const row = (artifact: ListedArtifact): readonly HtmlValue[] => [
    textOf(artifact.version), renderArtifactLink(channel.to, artifact), html`<a class="nowrap" href="${channel.to}${encodeURIComponent(artifact.subdir)}/">${textOf(artifact.subdir)}</a>`, artifact.buildNumber,
    renderSize(artifact.size), renderDate(artifact.time),
  ]
  const table = renderTable({
    caption: `Versions and builds of ${name}`,
    columns: [
      { title: 'Version' }, { title: 'Artifact', kind: 'file' }, { title: 'Subdir' }, { title: 'Build number', kind: 'number', isMore: true }, { title: 'Size', kind: 'number' },
      { title: 'Built', kind: 'number', isMore: true },
    ],
    rows: shown.map(row),
  })
  return renderSection({ title: 'Versions and builds', id: 'versions', note: 'Newest version first' }, html`${table}${renderPager(page, call.query)}`)
}

function renderNeeding({ channel, catalogue }: CataloguePage, name: string): Html {
  const needing = listNeeding(catalogue.subdirs, name)
  const title = 'What depends on it'
  if (needing.length === 0) return renderSection({ title, id: 'needing' }, html`<p class="soft">No package of this channel does.</p>`)
  const links = (names: readonly string[]): Html => html`<ul class="tags">${names.map((one) => html`<li class="tag">${renderPackageLink(channel.to, one)}</li>`)}</ul>`
  const rest = needing.slice(NEEDING_SHOWN)
  const more = rest.length > 0 && html`<details><summary>${formatNumber(rest.length, 'other')}</summary>${links(rest)}</details>`
  return renderSection({ title, id: 'needing', note: html`${formatNumber(needing.length, 'package')}, in any of their builds` }, html`${links(needing.slice(0, NEEDING_SHOWN))}${more}`)
}
