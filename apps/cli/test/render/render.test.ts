import { test } from 'vitest'
import { createDigest, isMd5, type Md5, NOARCH, parseArtifactName, parseSubdirName } from '@mirror/core'
import { createOutput } from '../../src/output.ts'
import { formatBytes, formatCount, formatDuration, formatTable, formatTime } from '../../src/render/format.ts'
import { formatBar, formatProgress } from '../../src/render/format-progress.ts'
import { createJsonRenderer } from '../../src/render/render-json.ts'
import { createPlainRenderer } from '../../src/render/render-plain.ts'
import { createTerminalRenderer } from '../../src/render/render-terminal.ts'
import { createProgressTracker } from '../../src/render/track-progress.ts'
import type { Renderer } from '../../src/events.ts'
import { captureStream, parseLines } from '../support.ts'

test.for([[0, '0 bytes'], [1, '1 byte'], [999, '999 bytes'], [1000, '1.0 kB'], [999_949, '999.9 kB'], [999_950, '1.0 MB'], [12_345_678_901, '12.3 GB'], [5e15, '5.0 PB'], [5e18, '5000.0 PB']] as const)(
  'formatBytes() writes %d as %s', ([bytes, text], { expect }) => { expect(formatBytes(bytes)).toBe(text) },
)

test.for([[0, '0.0 s'], [1234, '1.2 s'], [59_400, '59 s'], [130_000, '2 m 10 s'], [11_100_000, '3 h 5 m'], [360_000_000, '4 d 4 h']] as const)(
  'formatDuration() writes %d as %s', ([milliseconds, text], { expect }) => { expect(formatDuration(milliseconds)).toBe(text) },
)

test('formatCount(), formatTime() and formatTable() do not depend on the locale', ({ expect }) => {
  expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567'])
  expect(formatTime('2026-11-21T14:05:59.999Z')).toBe('2026-11-21 14:05 UTC')
  expect(formatTime('soon')).toBe('soon')
  expect(formatTable([['a', '1', 'x'], ['bbb', '22', '']])).toBe('a     1  x\nbbb  22')
})

test('formatProgress() and formatBar() tell how far it is', ({ expect }) => {
  const progress = { artifacts: 1234, totalArtifacts: 3000, bytes: 1_200_000_000, totalBytes: 2_900_000_000, rate: 12_300_000 }
  expect(formatProgress(progress)).toBe('1,234 of 3,000 artifacts, 1.2 GB of 2.9 GB, 12.3 MB/s, 2 m 18 s left')
  expect(formatBar(progress, 10)).toBe('[====      ]  41 %')
  expect(formatProgress({ ...progress, totalBytes: 0, bytes: 500, rate: 0 })).toBe('reading indexes, 500 bytes')
})

test('createProgressTracker() counts artifacts that came from a disk, and never more than there are', ({ expect }) => {
  const { now, tick } = clock(1000)
  const tracker = createProgressTracker(now)
  const channel = 'file:///srv/x'
  const artifact = { subdir: NOARCH, name: parseArtifactName('a-1-0.conda'), digest: createDigest('md5', parseMd5('0'.repeat(32))), size: 400 }
  tracker.observe({ type: 'channel-started', channel, folder: 'x' })
  tracker.observe({ type: 'sync', channel, event: { type: 'fetch-planned', artifacts: 2, bytes: 800, present: 0 } })
  tick()
  tracker.observe({ type: 'sync', channel, event: { type: 'artifact-done', artifact } })
  expect(tracker.read()).toMatchObject({ artifacts: 1, bytes: 400, rate: 400 })
  tracker.observe({ type: 'sync', channel, event: { type: 'bytes-received', bytes: 5000 } })
  tracker.observe({ type: 'sync', channel, event: { type: 'artifact-done', artifact } })
  expect(tracker.read()).toMatchObject({ artifacts: 2, totalArtifacts: 2, bytes: 800, totalBytes: 800 })
})

test('createProgressTracker() follows a delta, and what is verified, from its start', ({ expect }) => {
  for (const [start, progress] of [
    [{ type: 'delta-started', delta: 'd', work: 'verify', files: 4, bytes: 1000 }, { type: 'delta', delta: 'd', files: 1, bytes: 250 }],
    [{ type: 'verify', channel: 'x', event: { type: 'verify-started', artifacts: 4, bytes: 1000 } }, { type: 'verify', channel: 'x', event: { type: 'verify-progress', artifacts: 1, bytes: 250 } }],
  ] as const) {
    const { now, tick } = clock(1000)
    const tracker = createProgressTracker(now)
    tracker.observe(start)
    expect(tracker.read()).toMatchObject({ artifacts: 0, totalArtifacts: 4, bytes: 0, totalBytes: 1000 })
    tick()
    tracker.observe(progress)
    expect(tracker.read()).toMatchObject({ artifacts: 1, totalArtifacts: 4, bytes: 250, totalBytes: 1000, rate: 250 })
  }
})

/** A run in which a second passes with every 400 of 1,000 bytes. */
function play(renderer: Renderer, tick: () => void): void {
  const channel = 'https://a.example/x'
  renderer.render({ type: 'run-started', command: 'sync', mirror: '/srv/m', config: undefined, channels: 1 })
  renderer.render({ type: 'channel-started', channel, folder: 'x' })
  renderer.render({ type: 'sync', channel, event: { type: 'index-checked', subdir: parseSubdirName('noarch'), result: 'fetched' } })
  renderer.render({ type: 'sync', channel, event: { type: 'fetch-planned', artifacts: 2, bytes: 1000, present: 3 } })
  for (const bytes of [400, 400, 200]) {
    tick()
    renderer.render({ type: 'sync', channel, event: { type: 'bytes-received', bytes } })
  }
  renderer.render({ type: 'sync', channel, event: { type: 'warning', code: 'LEFT_OUT', message: 'of https://u:pw-secret@b.example/t/tk-secret/y', subdir: undefined } })
  renderer.close()
}

function clock(step: number): { readonly now: () => number; readonly tick: () => void } {
  let time = 0
  return { now: () => time, tick: () => { time += step } }
}

test('createPlainRenderer() writes a line a fact, and progress every ten seconds', ({ expect }) => {
  const stream = captureStream()
  const { now, tick } = clock(6000)
  play(createPlainRenderer({ output: createOutput(stream), level: 'INFO', now }), tick)
  expect(stream.text()).toMatchInlineSnapshot(`
    "1 channel into /srv/m, without a configuration file
    https://a.example/x: into x
      upstream's index of noarch is read
      fetching 2 artifacts, 1.0 kB; 3 there already
      0 of 2 artifacts, 800 bytes of 1.0 kB, 400 bytes/s, 0.5 s left
    https://a.example/x: warning: of https://***@b.example/t/***/y
    "
  `)
})

test('createPlainRenderer() writes only what the level asks for', ({ expect }) => {
  const stream = captureStream()
  const { now, tick } = clock(6000)
  play(createPlainRenderer({ output: createOutput(stream), level: 'WARNING', now }), tick)
  expect(stream.text()).toBe('https://a.example/x: warning: of https://***@b.example/t/***/y\n')
})

test('createTerminalRenderer() redraws one line, at most ten times a second and never wider than the terminal', ({ expect }) => {
  for (const [columns, step] of [[40, 50], [100, 1000]] as const) {
    const writes: string[] = []
    const stream = { ...captureStream((text) => writes.push(text)), columns }
    const { now, tick } = clock(step)
    play(createTerminalRenderer({ output: createOutput(stream), level: 'INFO', color: false, now }), tick)
    const drawn = writes.filter((text) => text.startsWith('\r\u001B[2K') && !text.endsWith('\n')).map((text) => text.slice(5))
    expect(drawn.every((line) => line.length < columns)).toBe(true)
    expect(drawn.some((line) => line.includes('of 2 artifacts'))).toBe(true)
    expect(writes.at(-1)).toMatch(/(?:\n|\u001B\[2K)$/)
    if (step === 1000) expect(drawn).toContain('[===================     ]  80 % 0 of 2 artifacts, 800 bytes of 1.0 kB, 800 bytes/s, 0.3 s left'.slice(0, 99))
  }
})

test('createTerminalRenderer() colours a warning unless told not to', ({ expect }) => {
  for (const color of [true, false]) {
    const stream = captureStream()
    const { now, tick } = clock(10)
    play(createTerminalRenderer({ output: createOutput(stream), level: 'INFO', color, now }), tick)
    expect(stream.text().includes('\u001B[33m')).toBe(color)
    expect(stream.text()).not.toContain('secret')
  }
})

test('createJsonRenderer() writes NDJSON with type, time and channel, without secrets, and received bytes once a second', ({ expect }) => {
  const stream = captureStream()
  const { now, tick } = clock(600)
  play(createJsonRenderer({ output: createOutput(stream), now }), tick)
  const lines = parseLines(stream.text())
  expect(lines.map(({ type }) => type)).toEqual(['run-started', 'channel-started', 'index-checked', 'fetch-planned', 'progress', 'warning'])
  expect(lines[4]).toMatchObject({ time: '1970-01-01T00:00:01.200Z', channel: 'https://a.example/x', progress: { bytes: 800, totalBytes: 1000, totalArtifacts: 2 } })
  expect(stream.text()).not.toContain('secret')
})

function parseMd5(text: string): Md5 {
  if (isMd5(text)) return text
  throw new Error(text)
}
