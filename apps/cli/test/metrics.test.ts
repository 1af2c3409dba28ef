import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { formatMetrics, parseMetrics, type Sample, updateMetricsFile } from '../src/metrics/metrics-file.ts'

const SAMPLES: readonly Sample[] = [
  { name: 'mirror_generation', labels: { command: 'sync', channel: 'https://example.org/a' }, value: 3 },
  { name: 'mirror_generation', labels: { command: 'sync', channel: 'odd "name" \\ with\nall' }, value: 0 },
  { name: 'mirror_run_exit_code', labels: { command: 'sync' }, value: 130 },
  { name: 'mirror_run_timestamp_seconds', labels: { command: 'sync' }, value: 1_790_000_000.25 },
]

test('formatMetrics() writes each metric once with its heading, and parseMetrics() reads it back', () => {
  const text = formatMetrics(SAMPLES)
  expect(text).toBe(`# HELP mirror_run_timestamp_seconds When the last run of the command ended, in seconds since the epoch.
# TYPE mirror_run_timestamp_seconds gauge
mirror_run_timestamp_seconds{command="sync"} 1790000000.25
# HELP mirror_run_exit_code The exit code of the last run: 0 done, 1 failed or faults found, 3 something held or left out, 4 refused by a guard, 5 locked.
# TYPE mirror_run_exit_code gauge
mirror_run_exit_code{command="sync"} 130
# HELP mirror_generation The number of the generation that is published.
# TYPE mirror_generation gauge
mirror_generation{command="sync",channel="https://example.org/a"} 3
mirror_generation{command="sync",channel="odd \\"name\\" \\\\ with\\nall"} 0
`)
  const key = (sample: Sample): string => JSON.stringify(sample)
  expect(parseMetrics(text).map(key).toSorted()).toEqual(SAMPLES.map(key).toSorted())
})

test('parseMetrics() leaves out what is not ours, torn or no number', () => {
  expect(parseMetrics('node_load1 3\nmirror_nothing{a="b"} 1\nmirror_generation{command="sync"} NaN\nmirror_generation{command="sy')).toEqual([])
})

test('updateMetricsFile() replaces what the command wrote, keeps the others, and remembers a success of the channels that are still there', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'metrics-'))
  try {
    const path = join(folder, 'm.prom')
    await writeFile(path, 'nonsense\n')
    const success = (channel: string, value: number): Sample => ({ name: 'mirror_last_success_timestamp_seconds', labels: { command: 'sync', channel }, value })
    await updateMetricsFile(path, { command: 'verify', samples: [{ name: 'mirror_verify_faults', labels: { command: 'verify', channel: 'a' }, value: 1 }] })
    await updateMetricsFile(path, { command: 'sync', samples: [success('a', 1), success('gone', 2)] })
    await updateMetricsFile(path, { command: 'sync', samples: [{ name: 'mirror_run_failed', labels: { command: 'sync', channel: 'a' }, value: 5 }] })
    expect(parseMetrics(await readFile(path, 'utf8'))).toEqual([
      success('a', 1), { name: 'mirror_run_failed', labels: { command: 'sync', channel: 'a' }, value: 5 }, { name: 'mirror_verify_faults', labels: { command: 'verify', channel: 'a' }, value: 1 },
    ])
    await expect(updateMetricsFile(join(folder, 'nowhere/m.prom'), { command: 'sync', samples: [] })).rejects.toThrow('ENOENT')
  } finally {
    await rm(folder, { recursive: true })
  }
})
