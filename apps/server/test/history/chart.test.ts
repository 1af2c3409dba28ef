import { describe, test } from 'vitest'
import { renderChart, roundUp } from '../../src/history/chart.ts'
import { formatDuration } from '../../src/history/format-duration.ts'
import { formatHtml } from '../../src/pages/html.ts'

const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const draw = (kind: 'area' | 'bars', values: readonly number[]): string => formatHtml(renderChart({
  id: 'c', title: 'Size <b>', unit: 'Size', kind, format: String, points: values.map((value, at) => ({ time: START + at * DAY, value, label: `generation ${at}` })),
}))

describe('renderChart()', () => {
  test('draws what there was as steps from a scale that begins at nothing', ({ expect }) => {
    const text = draw('area', [50, 100, 75])
    expect(text).toContain('<path class="line" d="M0 80H300V0H600V40H600"/>')
    expect(text).toContain('<desc id="c-text">From 50 on 2026-01-01 to 75 on 2026-01-03.</desc>')
    expect(text).toContain('<span>100</span><span>50</span><span>0</span>')
    expect(text).not.toContain('<b>')
  })

  test('draws one bar a run, at least visible, the last 120 of them', ({ expect }) => {
    const text = draw('bars', [0, 1, 2000])
    expect(text.match(/<rect[^>]*height="([\d.]+)"/g)?.map((rect) => /height="([\d.]+)"/.exec(rect)?.[1])).toEqual(['0', '1', '160'])
    expect(text).toContain('3 runs from 2026-01-01 to 2026-01-03: between 0 and 2000.')
    const many = draw('bars', Array.from({ length: 500 }, (_, at) => at))
    expect([many.match(/<rect/g)?.length, many.includes('generation 499'), many.includes('generation 379<')]).toEqual([120, true, false])
    expect((draw('area', Array.from({ length: 500 }, (_, at) => at)).match(/<tr>/g)?.length ?? 0) - 1).toBeLessThanOrEqual(120)
  })

  test('draws nothing of nothing, and a single value', ({ expect }) => {
    expect(draw('area', [])).toBe('')
    expect(draw('area', [0])).toContain('d="M0 160H600"')
    expect([0, 1, 3, 24, 26, 999].map(roundUp)).toEqual([1, 1, 3, 24, 30, 1000])
  })
})

test('formatDuration() says the two largest units', ({ expect }) => {
  expect([0, 12, 999, 1000, 9940, 9990, 59_400, 59_600, 61_000, 3_599_600, 3_600_000, 7_384_000].map(formatDuration)).toEqual(['0 ms', '12 ms', '999 ms', '1.0 s', '9.9 s', '10 s', '59 s', '1 min', '1 min 1 s', '1 h', '1 h', '2 h 3 min'])
})
