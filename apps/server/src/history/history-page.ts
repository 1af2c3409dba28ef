import { aboutChannel, channelPage } from '../pages/about-channel.ts'
import type { PageChannel } from '../pages/find-channel.ts'
import { formatCount, formatSize, renderAge, renderSize } from '../pages/formats.ts'
import { html, type Html, type HtmlValue } from '../pages/html.ts'
import { choosePage, renderEmpty, renderFigures, renderPager, renderSection, renderTable } from '../pages/parts.ts'
import type { PageCall, PageRoute } from '../pages/route.ts'
import { type ChartPoint, renderChart } from './chart.ts'
import { formatDuration } from './format-duration.ts'
import { type History, type HistoryEntry, readHistory } from './read-history.ts'

const PER_PAGE = 50

/** What the runs on a channel did, with charts of how it grew, how long they took and what they fetched. */
export const historyRoute: PageRoute = {
  path: '/*channel/-/history',
  summary: 'The runs on a channel, with charts',
  tab: 'History',
  answer: aboutChannel(async (channel, call) => {
    const history = await readHistoryOf(channel)
    return channelPage(channel, {
      title: 'History', path: '-/history',
      lead: html`What each run changed in <bdi>${channel.name}</bdi>. A run that finds nothing new is not listed.`,
      main: history === undefined ? describeNone(channel) : renderHistory(history, { call, channel }),
    })
  }),
}

/** The same for programs. */
export const historyApiRoute: PageRoute = {
  path: '/-/api/history/*channel',
  summary: 'The runs on a channel and how it grew',
  answer: aboutChannel(async (channel) => {
    const history = await readHistoryOf(channel)
    if (history === undefined) return { type: 'absent', what: 'This channel has no history.' }
    return { type: 'json', value: { channel: channel.folder, runs: history.entries, growth: history.growth.map((growth) => ({ ...growth, time: new Date(growth.time).toISOString() })), kept: history.kept } }
  }),
}

async function readHistoryOf({ root, isStore, snapshot, view }: PageChannel): Promise<History | undefined> {
  return isStore ? await readHistory({ root, until: snapshot === undefined ? undefined : view.reader?.generation.number }) : undefined
}

function describeNone({ isStore }: PageChannel): Html {
  return isStore
    ? renderEmpty('No history yet', 'The first sync of this channel has not ended.')
    : renderEmpty('No history', html`Another tool made this folder. From the first <code>mirror sync</code> or <code>mirror adopt</code> on, each run is listed here.`)
}

interface Place {
  readonly call: PageCall
  readonly channel: PageChannel
}

function renderHistory(history: History, place: Place): Html {
  return html`${renderNow(history, place)}${renderCharts(history)}${renderRuns(history, place)}`
}

function renderNow({ entries, growth }: History, { call: { now } }: Place): Html {
  const last = growth.at(-1)
  const change = entries.find(({ made }) => made !== undefined)
  return renderFigures([
    { name: 'Artifacts', value: last === undefined ? '–' : formatCount(last.artifacts) },
    { name: 'Size', value: renderSize(last?.bytes) },
    { name: 'Last change', value: change === undefined ? '–' : renderAge(Date.parse(change.finished), now) },
    { name: 'Generation', value: last === undefined ? '–' : formatCount(last.generation) },
  ])
}

function renderCharts({ entries, growth }: History): Html | undefined {
  const syncs = entries.filter(({ command }) => command === 'sync').toReversed()
  const labelOf = ({ command, made }: HistoryEntry): string => (made === undefined ? command : `${command}, generation ${made}`)
  const pointsOf = (read: (entry: HistoryEntry) => number | undefined): readonly ChartPoint[] =>
    syncs.flatMap((entry) => ({ time: Date.parse(entry.finished), value: read(entry) ?? -1, label: labelOf(entry) })).filter(({ value }) => value >= 0)
  const grown = (read: (one: History['growth'][number]) => number | undefined): readonly ChartPoint[] =>
    growth.flatMap((one) => ({ time: one.time, value: read(one) ?? -1, label: `generation ${one.generation}` })).filter(({ value }) => value >= 0)
  const charts = [
    { id: 'size', title: 'Size', unit: 'Size', kind: 'area', points: grown(({ bytes }) => bytes), format: formatSize },
    { id: 'artifacts', title: 'Artifacts', unit: 'Artifacts', kind: 'area', points: grown(({ artifacts }) => artifacts), format: formatCount },
    { id: 'duration', title: 'Duration of syncs', unit: 'Duration', kind: 'bars', points: pointsOf(({ duration }) => duration), format: formatDuration },
    { id: 'traffic', title: 'Fetched from upstream', unit: 'Fetched', kind: 'bars', points: pointsOf(({ fetchedBytes }) => fetchedBytes), format: formatSize },
  ] as const
  const shown = charts.filter(({ points }) => points.length > 0)
  return shown.length === 0 ? undefined : renderSection({ title: 'Growth, time and traffic', id: 'charts' }, html`<div class="charts">${shown.map((chart) => renderChart(chart))}</div>`)
}

function renderRuns({ entries }: History, place: Place): Html {
  const { call: { query } } = place
  const chosen = choosePage(query, { total: entries.length, perPage: PER_PAGE })
  const shown = entries.slice((chosen.page - 1) * PER_PAGE, chosen.page * PER_PAGE)
  const table = renderTable({
    caption: 'Runs, newest first',
    columns: [
      { title: 'When', kind: 'row' }, { title: 'What' }, { title: 'Added', kind: 'number' }, { title: 'Removed', kind: 'number' }, { title: 'Replaced', kind: 'number', isMore: true },
      { title: 'Re-listed', kind: 'number', isMore: true }, { title: 'Fetched', kind: 'number', isMore: true }, { title: 'Took', kind: 'number', isMore: true }, { title: 'Generation', kind: 'number' },
    ],
    rows: shown.map((entry) => renderRun(entry, place)),
  })
  return renderSection({ title: 'Runs', id: 'runs', note: 'Re-listed: the record changed, the artifact did not. Replaced: the same name has other bytes.' }, html`${table}${renderPager(chosen, query)}`)
}

function renderRun(entry: HistoryEntry, { call: { now }, channel }: Place): readonly HtmlValue[] {
  const { finished, added, removed, reused, relisted, fetchedBytes, duration, made } = entry
  const isPublished = made !== undefined
  const count = (value: number): HtmlValue => (isPublished ? formatCount(value) : html`<span class="none">–</span>`)
  return [
    renderAge(Date.parse(finished), now), renderWhat(entry), count(added), count(removed), count(reused), count(relisted),
    fetchedBytes === undefined ? html`<span class="none">–</span>` : renderSize(fetchedBytes),
    duration === undefined ? html`<span class="none">–</span>` : formatDuration(duration),
    isPublished ? html`<a href="${channel.to}-/changes/${made}">${formatCount(made)}</a>` : html`<span class="none">–</span>`,
  ]
}

const RESULTS = {
  committed: undefined, unchanged: ['nothing new', 'plain'], planned: ['planned', 'plain'], refused: ['refused', 'warn'], held: ['held', 'warn'], failed: ['failed', 'bad'],
} as const

function renderWhat({ command, status, failed, held, error }: HistoryEntry): Html {
  const result = RESULTS[status]
  const lines: readonly Html[] = [
    ...held.map(({ subdir, reason }) => html`<li><code>${subdir}</code> <bdi>${reason}</bdi></li>`),
    ...(error === undefined ? [] : [html`<li><bdi>${error.message}</bdi></li>`]),
    ...(failed === 0 ? [] : [html`<li>${formatCount(failed)} could not be had</li>`]),
  ]
  return html`${command === '' ? html`<span class="none">a run</span>` : command}${result !== undefined && html` <span class="tag ${result[1]}">${result[0]}</span>`}${lines.length > 0 && html`<ul class="why">${lines}</ul>`}`
}
