const DURATION_UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1], ['s', 1000], ['m', 60_000], ['min', 60_000], ['h', 3_600_000], ['d', 86_400_000], ['w', 604_800_000],
])
const BYTE_UNITS: ReadonlyMap<string, number> = new Map([
  ['', 1], ['b', 1], ['k', 1e3], ['kb', 1e3], ['kib', 1024], ['m', 1e6], ['mb', 1e6], ['mib', 1024 ** 2], ['g', 1e9], ['gb', 1e9], ['gib', 1024 ** 3],
  ['bit', 1 / 8], ['kbit', 125], ['mbit', 125e3], ['gbit', 125e6],
])

/** Milliseconds of `0`, `90s`, `15m`, `24h`, `7d`, `2w` or a row of them (`1h30m`). Undefined for anything else, also for a number without a unit. */
export function parseDuration(value: unknown): number | undefined {
  if (value === 0 || value === '0') return 0
  if (typeof value !== 'string' || !/^(?:\d+(?:\.\d+)?\s*[a-z]+\s*)+$/i.test(value)) return undefined
  const parts = [...value.matchAll(/(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[a-z]+)/gi)]
  const lengths = parts.map(({ groups }) => Number(groups?.['amount']) * (DURATION_UNITS.get((groups?.['unit'] ?? '').toLowerCase()) ?? Number.NaN))
  const total = Math.round(lengths.reduce((sum, length) => sum + length, 0))
  return Number.isSafeInteger(total) ? total : undefined
}

/** Bytes a second of `10MB/s`, `512KiB/s`, `100Mbit/s` or a number of bytes; at least 1. Undefined for anything else. */
export function parseBandwidth(value: unknown): number | undefined {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string') return undefined
  const groups = /^\s*(?<amount>\d+(?:\.\d+)?)\s*(?<unit>[a-z]*)\s*(?:\/\s*s)?\s*$/i.exec(text)?.groups
  const unit = BYTE_UNITS.get((groups?.['unit'] ?? '').toLowerCase())
  if (groups === undefined || unit === undefined) return undefined
  const rate = Math.floor(Number(groups['amount']) * unit)
  return Number.isSafeInteger(rate) && rate >= 1 ? rate : undefined
}

/** Bytes of `0`, `5GiB`, `500 MB` or a number of bytes. Undefined for anything else. */
export function parseSize(text: string): number | undefined {
  return /^\s*0\s*$/.test(text) ? 0 : text.includes('/') || /bit/i.test(text) ? undefined : parseBandwidth(text)
}

/** The shortest text that `parseDuration` reads back as the same number of milliseconds. */
export function formatDurationKey(milliseconds: number): string | number {
  if (milliseconds === 0) return 0
  for (const [unit, length] of [['d', 86_400_000], ['h', 3_600_000], ['m', 60_000], ['s', 1000]] as const) {
    if (milliseconds % length === 0) return `${milliseconds / length}${unit}`
  }
  return `${milliseconds}ms`
}

/** Bytes of what `parseSize` reads, or of a number. Undefined for anything else. */
export function parseSizeValue(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'string' ? parseSize(String(value)) : undefined
}

/** A whole number from `minimum` on, also as text. Undefined for anything else. */
export function parseCount(value: unknown, minimum: number): number | undefined {
  const count = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
  return typeof count === 'number' && Number.isSafeInteger(count) && count >= minimum ? count : undefined
}

const DATE = /^(?<date>\d{4}-\d{2}-\d{2})(?:[Tt ]\s*(?<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\s*(?<zone>[Zz]|[+-]\d{2}:\d{2})?)?$/

/** `2024-01-31`, with or without a time (UTC unless it says otherwise), or an age such as `90d`. Undefined for anything else, also for a day that there is not. */
export function parseMoment(value: unknown): { readonly type: 'date' | 'age'; readonly milliseconds: number } | undefined {
  if (typeof value !== 'string') return undefined
  const date = parseDate(value.trim())
  if (date !== undefined) return { type: 'date', milliseconds: date }
  const age = parseDuration(value)
  return age === undefined || age === 0 ? undefined : { type: 'age', milliseconds: age }
}

function parseDate(text: string): number | undefined {
  const groups = DATE.exec(text)?.groups
  const midnight = Date.parse(`${groups?.['date']}T00:00:00Z`)
  // Some days that there are not are read as the next month's.
  if (groups === undefined || Number.isNaN(midnight) || !new Date(midnight).toISOString().startsWith(groups['date'] ?? '')) return undefined
  const milliseconds = Date.parse(`${groups['date']}T${groups['time'] ?? '00:00'}${(groups['zone'] ?? 'Z').toUpperCase()}`)
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}

/** The shortest text that `parseMoment` reads back as the same date. */
export function formatDateKey(milliseconds: number): string {
  const text = new Date(milliseconds).toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}

/** The bits of `644` or `0644`, without those that `allowed` does not have. Undefined for anything else. */
export function parseMode(value: unknown, allowed: number): number | undefined {
  const text = typeof value === 'string' ? /^(?:0o)?(?<digits>[0-7]{3,4})$/.exec(value)?.groups?.['digits'] : undefined
  const mode = text === undefined ? undefined : Number.parseInt(text, 8)
  return mode === undefined || (mode & ~allowed) !== 0 ? undefined : mode
}

/** A mode as `parseMode` reads it. */
export function formatModeKey(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
