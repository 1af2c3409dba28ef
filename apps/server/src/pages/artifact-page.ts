import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { isJsonObject, splitArtifactName, isArtifactName } from '@mirror/core'
import { createDiskStore } from '@mirror/store'
import type { ChannelCatalogue } from '../catalogue/catalogues.ts'
import { readPart } from '../catalogue/find-index.ts'
import { nameOfSpec } from '../catalogue/needs.ts'
import type { ListedArtifact } from '../catalogue/subdir-catalogue.ts'
import { findDiskFile } from '../disk-file.ts'
import { FileReplaced } from '../found-file.ts'
import type { PageChannel } from './find-channel.ts'
import { renderAge, renderDate, renderSize } from './formats.ts'
import { html, type Html, type HtmlValue, safeUrl } from './html.ts'
import { isLinkable, renderPackageLink } from './links.ts'
import { answerFromCatalogue, type CataloguePage, renderCatalogueNotes } from './open-catalogue.ts'
import { renderCode, renderFacts, renderFigures, renderNote, renderSection } from './parts.ts'
import type { PageRoute, Reply } from './route.ts'
import { readUpstreamNote, type UpstreamNote } from './summarize-channel.ts'
import { textOf } from './text-of.ts'

/** A record as the index has it. */
export type ArtifactRecord = Readonly<Record<string, unknown>>

/** An artifact: all that its record says, where it came from, and the file. */
export const artifactRoute: PageRoute = {
  path: '/*channel/-/artifact/:subdir/:file',
  summary: 'An artifact: its record, its origin, its file',
  answer: async (call) => await answerFromCatalogue(call, async (page) => {
    const { channel, catalogue } = page
    const [subdir, file] = [String(call.params['subdir']), String(call.params['file'])]
    const artifact = findArtifact(catalogue, subdir, file)
    if (artifact === undefined) return { type: 'absent', what: `${channel.name} lists no ${file} in ${subdir}.` }
    const record = await readRecord(catalogue, artifact)
    return record === undefined ? { type: 'not-yet', what: `The index of ${subdir} has just changed and is being read again.` } : await answerArtifact(page, artifact, record)
  }),
}

/** The artifact of a file name that a subdir lists. */
export function findArtifact({ subdirs }: ChannelCatalogue, subdir: string, file: string): ListedArtifact | undefined {
  const name = isArtifactName(file) ? (splitArtifactName(file)?.name ?? file) : file
  return subdirs.find(({ columns }) => columns.subdir === subdir)?.findArtifact(name, file)
}

/** The record of an artifact, from the document that the catalogue was made of. Undefined when that document is gone. */
export async function readRecord({ indexes }: ChannelCatalogue, artifact: ListedArtifact): Promise<ArtifactRecord | undefined> {
  const index = indexes.find(({ subdir }) => subdir === artifact.subdir)
  if (index === undefined) return undefined
  try {
    const bytes = await readPart(index, artifact)
    const value: unknown = bytes === undefined ? undefined : JSON.parse(bytes.toString())
    return isJsonObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof FileReplaced || error instanceof SyntaxError) return undefined
    throw error
  }
}

async function answerArtifact(page: CataloguePage, artifact: ListedArtifact, record: ArtifactRecord): Promise<Reply> {
  const { channel, call } = page
  const note = channel.isStore ? await readUpstreamNote(createDiskStore({ root: channel.root }), artifact.subdir) : undefined
  const isHere = await hasFile(page, artifact)
  const main = html`${renderCatalogueNotes(page)}${renderHead(page, artifact, isHere)}<div class="columns block">${renderNeeds(page, record)}${renderRecord(record)}</div>${
    renderOrigin({ channel, note, now: call.now, record })}${renderRaw(artifact, record)}`
  const crumbs = [...channel.crumbs, { text: 'Packages', href: `${channel.to}-/search` }, ...isLinkable(artifact.name) ? [{ text: artifact.name, href: `${channel.to}-/package/${encodeURIComponent(artifact.name)}` }] : []]
  return { type: 'page', page: { title: artifact.file, crumbs, tabs: channel.tabs('-/search'), main } }
}

/** Whether an artifact that is listed lies there, as all of them do in a mirror of ours, and not always in what others made. A snapshot may have it elsewhere. */
async function hasFile({ call: { site }, channel }: CataloguePage, { subdir, file }: ListedArtifact): Promise<boolean> {
  if (channel.snapshot !== undefined) return true
  const root = await realpath(site.mirrorDir)
  return await findDiskFile(root, join(channel.folder, subdir, file), 'immutable') !== undefined
}

function renderHead({ channel, call }: CataloguePage, { name, version, build, subdir, size, time, file }: ListedArtifact, isHere: boolean): Html {
  const figures = renderFigures([
    { name: 'Version', value: textOf(version === '' ? 'unknown' : version) }, { name: 'Build', value: textOf(build === '' ? 'unknown' : build) }, { name: 'Subdir', value: textOf(subdir) },
    { name: 'Size', value: size === 0 ? 'unknown' : renderSize(size) }, { name: 'Built', value: renderAge(time, call.now) },
  ])
  const spec = `${name}=${version}=${build}`
  const command = /^[a-z0-9_][\w.+!=-]*$/i.test(spec) && html`<div class="block">${renderCode('Command to install it', html`conda install '${spec}'`)}</div>`
  const link = html`<div class="actions"><a class="button" href="${channel.to}${encodeURIComponent(subdir)}/${encodeURIComponent(file)}" download>Download</a></div>`
  return html`${figures}${isHere ? link : renderNote('The index lists this artifact, but its file is not here.', 'warn')}${command}`
}

function renderNeeds({ channel, catalogue }: CataloguePage, record: ArtifactRecord): Html {
  const list = (field: string): Html => {
    const specs = textsOf(record[field])
    if (specs.length === 0) return html`<p class="soft">Nothing.</p>`
    return html`<ul class="list">${specs.map((spec) => html`<li>${renderSpec(spec)}</li>`)}</ul>`
  }
  const renderSpec = (spec: string): Html => {
    const name = nameOfSpec(spec)
    const isHere = spec.startsWith(name) && catalogue.subdirs.some(({ findName }) => findName(name) !== undefined)
    return isHere ? html`<code>${renderPackageLink(channel.to, name)}${spec.slice(name.length)}</code>` : html`<code><bdi>${spec}</bdi></code>`
  }
  return html`<div>${renderSection({ title: 'Depends on', id: 'depends' }, list('depends'))}${
    textsOf(record['constrains']).length > 0 && html`<div class="block">${renderSection({ title: 'Constrains', id: 'constrains' }, list('constrains'))}</div>`}</div>`
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : typeof value === 'string' ? [value] : []
}

const FIELDS: readonly (readonly [string, string])[] = [
  ['license', 'Licence'], ['license_family', 'Licence family'], ['noarch', 'noarch'], ['platform', 'Platform'], ['arch', 'Architecture'], ['build_number', 'Build number'], ['features', 'Features'],
  ['track_features', 'Track features'], ['python_site_packages_path', 'Site packages'],
]

function renderRecord(record: ArtifactRecord): Html {
  const facts = FIELDS.map(([field, name]) => ({ name, value: showValue(record[field]) }))
  const sums = ['sha256', 'md5'].map((field) => ({ name: field, value: typeof record[field] === 'string' && html`<code>${record[field]}</code>` }))
  const built = { name: 'Built', value: renderTimestamp(record['timestamp']) }
  const indexed = { name: 'Indexed', value: renderTimestamp(record['indexed_timestamp']) }
  return renderSection({ title: 'Record', id: 'record' }, renderFacts([...facts, built, indexed, ...sums], { isWide: true }))
}

function showValue(value: unknown): HtmlValue {
  if (typeof value === 'string') return value === '' ? undefined : textOf(value)
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) && value.length > 0 ? textOf(value.map(String).join(', ')) : undefined
}

/** Values up to 253402300799 are seconds. */
function renderTimestamp(value: unknown): HtmlValue {
  return typeof value === 'number' && value > 0 ? renderDate(value <= 253_402_300_799 ? value * 1000 : value) : undefined
}

interface Origin {
  readonly channel: PageChannel
  readonly note: UpstreamNote | undefined
  readonly now: number
  readonly record: ArtifactRecord
}

function renderOrigin({ channel, note, now, record }: Origin): Html {
  const { generation } = channel.view.reader ?? {}
  const url = safeUrl(record['url'])
  return renderSection({ title: 'Where it came from', id: 'origin' }, renderFacts([
    { name: 'Channel', value: textOf(channel.folder === '' ? 'this mirror' : channel.folder) },
    { name: 'Published', value: generation !== undefined && html`in generation ${generation.number}, ${renderAge(Date.parse(generation.created), now)}` },
    { name: 'Index', value: describeIndex(channel, note) },
    { name: 'Upstream’s index', value: note?.modified !== undefined && html`changed ${renderAge(note.modified, now)}` },
    { name: 'Fetched from', value: note?.source !== undefined && renderUrl(note.source) },
    { name: 'Named by the record', value: url !== undefined && renderUrl(url) },
  ], { isWide: true }))
}

function describeIndex({ isStore }: PageChannel, note: UpstreamNote | undefined): string | undefined {
  if (!isStore) return 'made by another tool'
  return note === undefined ? undefined : note.isWhole ? 'upstream’s, byte for byte' : 'a selection of upstream’s'
}

function renderUrl(text: string): Html {
  const url = safeUrl(text)
  return url === undefined ? textOf(text) : html`<a href="${url}" rel="noreferrer nofollow">${url}</a>`
}

function renderRaw({ file }: ListedArtifact, record: ArtifactRecord): Html {
  return html`<section><details><summary>The record as JSON</summary>${renderCode(`Record of ${file}`, JSON.stringify(record, undefined, 2))}</details></section>`
}
