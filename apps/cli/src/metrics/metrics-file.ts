import { readFile, rename, rm, writeFile } from 'node:fs/promises'

/** Every metric: its name and what it means. All of them are gauges. */
export const METRICS = {
  mirror_run_timestamp_seconds: 'When the last run of the command ended, in seconds since the epoch.',
  mirror_last_success_timestamp_seconds: 'When the command last ended with nothing failed, held, refused or found wrong, in seconds since the epoch.',
  mirror_run_duration_seconds: 'How long the last run took.',
  mirror_run_exit_code: 'The exit code of the last run: 0 done, 1 failed or faults found, 3 something held or left out, 4 refused by a guard, 5 locked.',
  mirror_generation: 'The number of the generation that is published.',
  mirror_generation_timestamp_seconds: 'When that generation was published, in seconds since the epoch.',
  mirror_artifacts: 'How many artifacts the published indexes list; of the channel "installers", how many installers there are.',
  mirror_artifact_bytes: 'Their bytes.',
  mirror_upstream_index_timestamp_seconds: 'Upstream\'s own date of the index of a subdir, in seconds since the epoch.',
  mirror_run_added: 'Artifacts that the last run added.',
  mirror_run_removed: 'Artifacts that the last run took out of the indexes.',
  mirror_run_fetched_bytes: 'Bytes that the last run fetched.',
  mirror_run_failed: 'Artifacts that the last run could not have.',
  mirror_run_held_subdirs: 'Subdirs that the last run left as they were, because of a fault.',
  mirror_run_deleted: 'Files that the last run deleted from the trash.',
  mirror_run_deleted_bytes: 'Their bytes.',
  mirror_trash_files: 'Files that wait in the trash.',
  mirror_trash_bytes: 'Their bytes.',
  mirror_verify_faults: 'Files that the last verification found missing or wrong, and that are not repaired.',
  mirror_verify_foreign: 'Files and folders that nobody told the mirror about.',
} as const

/** The name of a metric. */
export type MetricName = keyof typeof METRICS

/** One value of a metric. */
export interface Sample {
  readonly name: MetricName
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples in the text format of Prometheus, each metric with its heading. */
export function formatMetrics(samples: readonly Sample[]): string {
  const byName = Map.groupBy(samples, ({ name }) => name)
  return Object.entries(METRICS).flatMap(([name, help]) => {
    const own = [...byName].find(([candidate]) => candidate === name)?.[1] ?? []
    return own.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...own.map(formatSample)]
  }).map((line) => `${line}\n`).join('')
}

function formatSample({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
  return `${name}{${pairs.join(',')}} ${value}`
}

/** Reads back what `formatMetrics` wrote; lines of any other kind are left out. */
export function parseMetrics(text: string): readonly Sample[] {
  return text.split('\n').flatMap((line) => {
    const { name = '', labels = '', value = '' } = /^(?<name>[a-z_]+)\{(?<labels>.*)\} (?<value>\S+)$/.exec(line)?.groups ?? {}
    return isMetricName(name) && Number.isFinite(Number(value)) ? [{ name, labels: parseLabels(labels), value: Number(value) }] : []
  })
}

function isMetricName(name: string): name is MetricName {
  return Object.hasOwn(METRICS, name)
}

function parseLabels(text: string): Readonly<Record<string, string>> {
  const pairs = [...text.matchAll(/(?<label>[a-z_]+)="(?<text>(?:[^"\\]|\\.)*)"/g)]
  return Object.fromEntries(pairs.map(({ groups }) => [groups?.['label'] ?? '', (groups?.['text'] ?? '').replaceAll(/\\(?<escaped>.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped))]))
}

/** What `updateMetricsFile` writes. */
export interface MetricsUpdate {
  /** The command whose samples these are: all that it wrote before are replaced, those of other commands stay. */
  readonly command: string
  readonly samples: readonly Sample[]
}

/**
 * Brings a file for the textfile collector up to date, by a rename, so that it never reads half of it. When a channel succeeded last is kept where this run has no word
 * of it. Throws what the file system throws.
 */
export async function updateMetricsFile(path: string, { command, samples }: MetricsUpdate): Promise<void> {
  const before = parseMetrics(await readFile(path, 'utf8').catch(() => ''))
  const others = before.filter(({ labels }) => labels['command'] !== command)
  const channels = new Set(samples.map(({ labels }) => labels['channel']))
  const isSuccess = ({ name }: Sample): boolean => name === 'mirror_last_success_timestamp_seconds'
  const known = new Set(samples.filter(isSuccess).map(({ labels }) => labels['channel']))
  const carried = before.filter((sample) => sample.labels['command'] === command && isSuccess(sample) && channels.has(sample.labels['channel']) && !known.has(sample.labels['channel']))
  const draft = `${path}.${process.pid}.tmp`
  try {
    await writeFile(draft, formatMetrics([...others, ...samples, ...carried]), { mode: 0o644 })
    await rename(draft, path)
  } catch (error) {
    await rm(draft, { force: true })
    throw error
  }
}
