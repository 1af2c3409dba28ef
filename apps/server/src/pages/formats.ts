import { html, type Html } from './html.ts'

const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB'] as const
const COUNT = new Intl.NumberFormat('en')

/** A number of things, with separators. */
export function formatCount(count: number): string {
  return COUNT.format(count)
}

/** A number of things and their name; the plural is the name with an s unless it is told. */
export function formatNumber(count: number, name: string, plural = `${name}s`): string {
  return `${formatCount(count)} ${count === 1 ? name : plural}`
}

/** Bytes in the unit that people would choose, powers of ten. */
export function formatSize(bytes: number): string {
  const exponent = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(Number(bytes.toPrecision(3))) / 3))
  const value = bytes / 1000 ** exponent
  return exponent === 0 ? `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}` : `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${UNITS[exponent]}`
}

/** Bytes for people, exact when it is pointed at. */
export function renderSize(bytes: number | undefined): Html {
  return bytes === undefined ? html`<span class="none">unknown</span>` : html`<data value="${bytes}" title="${formatNumber(bytes, 'byte')}">${formatSize(bytes)}</data>`
}

const STEPS = [[31_557_600_000, 'year'], [2_629_800_000, 'month'], [86_400_000, 'day'], [3_600_000, 'hour'], [60_000, 'minute']] as const
const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'always' })

/** How long ago, or how far ahead, in the largest unit that fits. */
export function formatAge(time: number, now: number): string {
  const difference = time - now
  const [length, unit] = STEPS.find(([step]) => Math.abs(difference) >= step) ?? [undefined, undefined]
  return unit === undefined ? 'just now' : RELATIVE.format(Math.trunc(difference / length), unit)
}

const LATEST = 8.64e15

/** A time as its age, exact when it is pointed at, for machines too. Nothing that is no time is shown as one. */
export function renderAge(time: number | undefined, now: number): Html {
  return renderTime(time, (known) => formatAge(known, now))
}

/** A time as its date, exact when it is pointed at. */
export function renderDate(time: number | undefined): Html {
  return renderTime(time, (known) => new Date(known).toISOString().slice(0, 10))
}

function renderTime(time: number | undefined, show: (time: number) => string): Html {
  if (time === undefined || !Number.isFinite(time) || Math.abs(time) > LATEST) return html`<span class="none">unknown</span>`
  const exact = new Date(time).toISOString()
  return html`<time datetime="${exact}" title="${exact.slice(0, 19).replace('T', ' ')} UTC">${show(time)}</time>`
}
