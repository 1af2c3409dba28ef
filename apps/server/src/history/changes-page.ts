import { CHANGE_KINDS, type ChangeKind, type ChangeNote, type NotedArtifacts } from '@mirror/store'
import { findChannel, type PageChannel } from '../pages/find-channel.ts'
import { formatCount, formatNumber, renderAge } from '../pages/formats.ts'
import { html, type Html } from '../pages/html.ts'
import { choosePage, renderEmpty, renderFigures, renderNote, renderPager, renderSection } from '../pages/parts.ts'
import type { PageCall, PageRoute } from '../pages/route.ts'
import { createChangesReader, type GenerationChanges } from './read-changes.ts'

const FIRST = 50
const PER_PAGE = 250

const reader = createChangesReader()

/** The names of what a generation changed. */
export const changesRoute: PageRoute = {
  path: '/*channel/-/changes/:generation',
  summary: 'What a generation added, removed, replaced and re-listed',
  async answer(call) {
    const found = await findChanges(call)
    if (found === undefined) return { type: 'absent', what: 'There is no such generation of such a channel, or nothing is known of it any more.' }
    const { channel, changes } = found
    return {
      type: 'page',
      page: {
        title: `Generation ${changes.generation}`, crumbs: [...channel.crumbs, { text: 'History', href: `${channel.to}-/history` }], tabs: channel.tabs('-/history'),
        lead: html`What it changed${changes.time !== undefined && html`, ${renderAge(Date.parse(changes.time), call.now)}`}.`,
        main: html`${renderNames(changes, { call, channel })}${renderNeighbours(changes)}`,
      },
    }
  },
}

/** The same for programs. */
export const changesApiRoute: PageRoute = {
  path: '/-/api/changes/:generation/*channel',
  summary: 'The names of what a generation changed',
  async answer(call) {
    const found = await findChanges(call)
    if (found === undefined) return { type: 'absent', what: 'There is no such generation of such a channel, or nothing is known of it any more.' }
    const { channel, changes: { generation, time, changes } } = found
    return { type: 'json', value: { channel: channel.folder, generation, time, changes: changes ?? null } }
  },
}

async function findChanges(call: PageCall): Promise<Place & { readonly changes: GenerationChanges } | undefined> {
  const channel = await findChannel(call)
  const number = call.params['generation']
  if (channel?.isStore !== true || typeof number !== 'string' || !/^[1-9]\d{0,9}$/.test(number)) return undefined
  const changes = await reader.read(channel.root, Number(number))
  return changes === undefined ? undefined : { call, channel, changes }
}

interface Place {
  readonly call: PageCall
  readonly channel: PageChannel
}

const TITLES: Readonly<Record<ChangeKind, string>> = { added: 'Added', removed: 'Removed', replaced: 'Replaced', relisted: 'Re-listed' }
const MEANINGS: Readonly<Record<ChangeKind, string>> = {
  added: 'New names in the index.', removed: 'Names that left the index.', replaced: 'The same name, other bytes.', relisted: 'Another record, the same bytes.',
}

function renderNames({ generation, changes }: GenerationChanges, place: Place): Html {
  if (changes === undefined) return renderUnknown(generation)
  const figures = renderFigures(CHANGE_KINDS.map((kind) => ({ name: TITLES[kind], value: formatCount(changes[kind].count) })))
  const kind = CHANGE_KINDS.find((one) => one === place.call.query.get('kind'))
  if (kind !== undefined) return html`${figures}${renderAll(kind, changes, place)}`
  if (CHANGE_KINDS.every((one) => changes[one].count === 0)) return html`${figures}${renderEmpty('No artifact changed', 'The same artifacts with the same records: what was published anew says the same, or was repaired.')}`
  return html`${figures}${CHANGE_KINDS.filter((one) => changes[one].count > 0).map((one) => renderFirst(one, changes[one], place))}`
}

function renderUnknown(generation: number): Html {
  return generation === 1
    ? renderEmpty('The first generation', 'All that it listed was new.')
    : renderEmpty('The names are not known', 'This generation was taken over from a folder that somebody else changed, or is so long ago that its names are not kept.')
}

function renderFirst(kind: ChangeKind, noted: NotedArtifacts, place: Place): Html {
  const more = noted.count > FIRST ? html`<p class="rest"><a href="?kind=${kind}">All ${formatCount(noted.count)}</a></p>` : undefined
  return renderSection({ title: TITLES[kind], id: kind, note: MEANINGS[kind] }, html`${renderList(kind, noted.paths.slice(0, FIRST), place)}${more}`)
}

function renderAll(kind: ChangeKind, changes: ChangeNote['changes'], place: Place): Html {
  const { count, paths } = changes[kind]
  const { query } = place.call
  const chosen = choosePage(query, { total: paths.length, perPage: PER_PAGE })
  const cut = count > paths.length ? renderNote(`The first ${formatNumber(paths.length, 'name')} of ${formatCount(count)} are known.`) : undefined
  return renderSection({ title: TITLES[kind], id: kind, note: html`<a href="?">All kinds</a>` },
    html`${cut}${renderList(kind, paths.slice((chosen.page - 1) * PER_PAGE, chosen.page * PER_PAGE), place)}${renderPager(chosen, query)}`)
}

/** Where it was removed there is no page about it any more. */
function renderList(kind: ChangeKind, paths: readonly string[], { channel }: Place): Html {
  const bySubdir = [...Map.groupBy(paths, (path) => path.slice(0, path.indexOf('/')))]
  return html`<div class="names">${bySubdir.map(([subdir, own]) => html`<div><h3>${subdir}</h3><ul>${own.map((path) => html`<li>${renderName(kind, path, channel)}</li>`)}</ul></div>`)}</div>`
}

function renderName(kind: ChangeKind, path: string, channel: PageChannel): Html {
  const name = path.slice(path.indexOf('/') + 1)
  const isGone = kind === 'removed' || channel.snapshot !== undefined
  return isGone ? html`<bdi>${name}</bdi>` : html`<a href="${channel.to}-/artifact/${path.split('/').map((part) => encodeURIComponent(part)).join('/')}"><bdi>${name}</bdi></a>`
}

function renderNeighbours({ previous, next }: GenerationChanges): Html | undefined {
  if (previous === undefined && next === undefined) return undefined
  return html`<nav class="pager" aria-label="Generations"><span></span><ul>${previous !== undefined && html`<li><a class="button quiet" rel="prev" href="${previous}">Generation ${previous}</a></li>`}${
    next !== undefined && html`<li><a class="button quiet" rel="next" href="${next}">Generation ${next}</a></li>`}</ul></nav>`
}
