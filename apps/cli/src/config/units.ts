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
