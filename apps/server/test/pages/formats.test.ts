import { describe, test } from 'vitest'
import { formatAge, formatNumber, formatSize, renderAge, renderDate, renderSize } from '../../src/pages/formats.ts'
import { formatHtml } from '../../src/pages/html.ts'

describe('formats', () => {
  test('formatSize() gives three figures in the unit that people would choose', ({ expect }) => {
    expect([0, 1, 999, 1000, 12_345, 123_456, 999_999, 5e9, 1.234e18].map(formatSize)).toEqual(['0 bytes', '1 byte', '999 bytes', '1.00 kB', '12.3 kB', '123 kB', '1.00 MB', '5.00 GB', '1234 PB'])
  })

  test('formatAge() rounds down to the largest unit, behind and ahead', ({ expect }) => {
    const now = Date.parse('2026-01-01T00:00:00Z')
    const ages = [0, 59_000, 60_000, 7_200_000, 86_400_000 * 3, 86_400_000 * 40, 86_400_000 * 800, -3_600_000].map((age) => formatAge(now - age, now))
    expect(ages).toEqual(['just now', 'just now', '1 minute ago', '2 hours ago', '3 days ago', '1 month ago', '2 years ago', 'in 1 hour'])
  })

  test('what is no time is shown as none', ({ expect }) => {
    for (const time of [undefined, Number.NaN, 1e300, Number.POSITIVE_INFINITY]) for (const render of [renderDate, (one: number | undefined) => renderAge(one, 0)]) expect(formatHtml(render(time))).toBe('<span class="none">unknown</span>')
    expect(formatHtml(renderDate(0))).toBe('<time datetime="1970-01-01T00:00:00.000Z" title="1970-01-01 00:00:00 UTC">1970-01-01</time>')
  })

  test('numbers have separators, sizes their exact bytes', ({ expect }) => {
    expect([formatNumber(1, 'package'), formatNumber(1_234_567, 'package')]).toEqual(['1 package', '1,234,567 packages'])
    expect(formatHtml(renderSize(12_345))).toBe('<data value="12345" title="12,345 bytes">12.3 kB</data>')
  })
})
