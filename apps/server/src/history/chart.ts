import { html, type Html } from '../pages/html.ts'
import { renderTable } from '../pages/parts.ts'

/** A value at a time. */
export interface ChartPoint {
  /** Milliseconds since 1970. */
  readonly time: number
  readonly value: number
  /** What the value belongs to, in the table: `generation 7`. */
  readonly label: string
}

/** What a chart shows. */
export interface ChartOptions {
  /** Unique on the page, of letters. */
  readonly id: string
  readonly title: string
  /** What the values are, for the table's head. */
  readonly unit: string
  /** Oldest first. */
  readonly points: readonly ChartPoint[]
  /** `area`: how much there was, which holds until the next point; `bars`: one for each run. */
  readonly kind: 'area' | 'bars'
  readonly format: (value: number) => string
}

const WIDTH = 600
const HEIGHT = 160
/** More would be narrower than a pixel on a phone. */
const MOST = 120

/** A chart as a drawing with its scale beside it, a sentence that says the same, and a table of its values. Nothing but attributes: styles are in the style sheet. */
export function renderChart(options: ChartOptions): Html {
  const { id, title, format, kind } = options
  const points = kind === 'area' ? thin(options.points) : options.points.slice(-MOST)
  const top = roundUp(Math.max(0, ...points.map(({ value }) => value)))
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return html``
  return html`<figure class="chart"><figcaption><h3>${title}</h3><p>${format(last.value)}</p></figcaption>
<div class="plot"><div class="scale" aria-hidden="true"><span>${format(top)}</span><span>${format(top / 2)}</span><span>0</span></div>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="${id}-title ${id}-text"><title id="${id}-title">${title}</title><desc id="${id}-text">${describe(points, options)}</desc>
<path class="grid" d="M0 .5H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 ${HEIGHT - 0.5}H${WIDTH}"/>${kind === 'area' ? drawArea(points, top) : drawBars(points, { top, format })}</svg>
<div class="dates" aria-hidden="true"><span>${dateOf(first)}</span>${points.length > 1 && html`<span>${dateOf(last)}</span>`}</div></div>
<details><summary>Values</summary>${renderValues(points, options)}</details></figure>`
}

/** Every n-th, and the last. */
function thin(points: readonly ChartPoint[]): readonly ChartPoint[] {
  const step = Math.ceil(points.length / MOST)
  return points.filter((_, at) => (points.length - 1 - at) % step === 0)
}

const ROUND = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8] as const

/** The next number that is one of `ROUND` times a power of ten, so that the half of it can be said shortly, too. */
export function roundUp(value: number): number {
  if (value <= 0) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return (ROUND.find((factor) => factor * power >= value) ?? 10) * power
}

function describe(points: readonly ChartPoint[], { kind, format }: ChartOptions): string {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ''
  const values = points.map(({ value }) => value)
  if (kind === 'area') return `From ${format(first.value)} on ${dateOf(first)} to ${format(last.value)} on ${dateOf(last)}.`
  return `${points.length === 1 ? 'One run' : `${points.length} runs`} from ${dateOf(first)} to ${dateOf(last)}: between ${format(Math.min(...values))} and ${format(Math.max(...values))}.`
}

function dateOf({ time }: ChartPoint): string {
  return new Date(time).toISOString().slice(0, 10)
}

/** What there was holds until it changes. */
function drawArea(points: readonly ChartPoint[], top: number): Html {
  const start = points[0]?.time ?? 0
  const span = Math.max(1, (points.at(-1)?.time ?? 0) - start)
  const x = ({ time }: ChartPoint): number => (points.length === 1 ? 0 : round(((time - start) / span) * WIDTH))
  const y = ({ value }: ChartPoint): number => round(HEIGHT - (value / top) * HEIGHT)
  const steps = points.map((point, at) => (at === 0 ? `M${x(point)} ${y(point)}` : `H${x(point)}V${y(point)}`)).join('')
  const line = `${steps}H${WIDTH}`
  return html`<path class="area" d="${line}V${HEIGHT}H0Z"/><path class="line" d="${line}"/>`
}

interface BarScale {
  readonly top: number
  readonly format: ChartOptions['format']
}

function drawBars(points: readonly ChartPoint[], { top, format }: BarScale): readonly Html[] {
  const slot = WIDTH / points.length
  // A few runs do not become a few walls.
  const width = Math.min(slot * 0.76, WIDTH / 30)
  return points.map((point, at) => {
    const height = Math.max(point.value > 0 ? 1 : 0, round((point.value / top) * HEIGHT))
    return html`<rect class="column" x="${round(at * slot + (slot - width) / 2)}" y="${round(HEIGHT - height)}" width="${round(width)}" height="${height}"><title>${point.label}, ${dateOf(point)}: ${format(point.value)}</title></rect>`
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

function renderValues(points: readonly ChartPoint[], { title, unit, format }: ChartOptions): Html {
  return renderTable({
    caption: `${title}: values`,
    columns: [{ title: 'When', kind: 'row' }, { title: 'Of', isMore: true }, { title: unit, kind: 'number' }],
    rows: points.toReversed().map((point) => [new Date(point.time).toISOString().slice(0, 16).replace('T', ' '), point.label, format(point.value)]),
  })
}
