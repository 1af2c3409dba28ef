import { test } from 'vitest'
import { formatDurationKey, parseBandwidth, parseDuration, parseSize } from '../../src/config/units.ts'

test.for([
  [0, 0], ['0', 0], ['90s', 90_000], ['15m', 900_000], ['24h', 86_400_000], ['1h30m', 5_400_000], ['2 d', 172_800_000], ['1.5h', 5_400_000], ['250ms', 250],
  [24, undefined], ['24', undefined], ['-1h', undefined], ['h', undefined], ['5 parsecs', undefined], ['', undefined], [null, undefined], [true, undefined],
] as const)('parseDuration() reads %s as %s', ([text, expected], { expect }) => {
  expect(parseDuration(text)).toBe(expected)
})

test.for([
  ['10MB/s', 10_000_000], ['10 MiB/s', 10_485_760], ['512k', 512_000], ['100Mbit/s', 12_500_000], ['8 mbps', undefined], [2_000_000, 2_000_000],
  ['0', undefined], [0, undefined], ['fast', undefined], ['10XB/s', undefined], ['', undefined], [undefined, undefined],
] as const)('parseBandwidth() reads %s as %s', ([text, expected], { expect }) => {
  expect(parseBandwidth(text)).toBe(expected)
})

test.for([
  ['0', 0], ['5GiB', 5_368_709_120], ['500 MB', 500_000_000], ['1024', 1024], ['10MB/s', undefined], ['8Mbit', undefined], ['-1', undefined], ['much', undefined], ['', undefined],
] as const)('parseSize() reads %s as %s', ([text, expected], { expect }) => {
  expect(parseSize(text)).toBe(expected)
})

test('formatDurationKey() writes what parseDuration() reads back', ({ expect }) => {
  for (const milliseconds of [0, 1, 250, 1000, 90_000, 3_600_000, 86_400_000, 90_061_001]) expect(parseDuration(formatDurationKey(milliseconds))).toBe(milliseconds)
})
