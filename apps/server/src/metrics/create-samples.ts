import type { ChannelHealth, Readiness } from '../health.ts'
import type { ProcessSnapshot } from './process-snapshot.ts'
import { addCounts, type CountRow, DURATIONS, type KindCounts, readCounts, STATUS_CLASSES } from './request-counts.ts'
import { REQUEST_KINDS } from './request-kind.ts'
import type { ServerMetricName, ServerSample } from './server-metrics.ts'

/** What the metrics are made of. */
export interface MetricsFacts {
  readonly processes: readonly ProcessSnapshot[]
  /** Counts of processes that have ended. */
  readonly ended: CountRow
  readonly readiness: Readiness
  /** The end of the certificate, in milliseconds since 1970. */
  readonly expires?: number | undefined
}

/** All samples: requests of all processes together, each process by itself, each channel. */
export function createServerSamples({ processes, ended, readiness, expires }: MetricsFacts): readonly ServerSample[] {
  const kinds = readCounts(addCounts([ended, ...processes.map(({ counts }) => counts)]))
  return [
    ...kinds.flatMap((counts, at) => samplesOfKind(REQUEST_KINDS[at] ?? 'other', counts)),
    { name: 'mirror_http_requests_active', labels: {}, value: processes.reduce((sum, { active }) => sum + active, 0) },
    { name: 'mirror_ready', labels: { command: 'serve' }, value: readiness.isReady ? 1 : 0 },
    ...(expires === undefined ? [] : [{ name: 'mirror_certificate_expires_timestamp_seconds', labels: {}, value: expires / 1000 } as const]),
    ...readiness.channels.flatMap(samplesOfChannel),
    ...processes.flatMap(samplesOfProcess),
  ]
}

function samplesOfKind(kind: string, { byStatus, bytes, broken, seconds, byDuration }: KindCounts): readonly ServerSample[] {
  const name = 'mirror_http_request_duration_seconds'
  const total = byDuration.reduce((sum, count) => sum + count, 0)
  const upTo = (at: number): number => byDuration.slice(0, at + 1).reduce((sum, count) => sum + count, 0)
  return [
    ...STATUS_CLASSES.slice(1).map((status, at): ServerSample => ({ name: 'mirror_http_requests_total', labels: { kind, status }, value: byStatus[at + 1] ?? 0 })),
    { name: 'mirror_http_response_bytes_total', labels: { kind }, value: bytes },
    { name: 'mirror_http_broken_total', labels: { kind }, value: broken },
    ...DURATIONS.map((bound, at): ServerSample => ({ name, suffix: '_bucket', labels: { kind, le: String(bound) }, value: upTo(at) })),
    { name, suffix: '_bucket', labels: { kind, le: '+Inf' }, value: total },
    { name, suffix: '_sum', labels: { kind }, value: seconds },
    { name, suffix: '_count', labels: { kind }, value: total },
  ]
}

function samplesOfChannel({ channel, reason, age, generation, created, artifacts, bytes }: ChannelHealth): readonly ServerSample[] {
  const values: readonly (readonly [ServerMetricName, number | undefined])[] = [
    ['mirror_ready', reason === undefined ? 1 : 0],
    ['mirror_age_seconds', age === undefined ? undefined : age / 1000],
    ['mirror_generation', generation],
    ['mirror_generation_timestamp_seconds', created === undefined ? undefined : created / 1000],
    ['mirror_artifacts', artifacts],
    ['mirror_artifact_bytes', bytes],
  ]
  return values.flatMap(([name, value]) => (value === undefined ? [] : [{ name, labels: { command: 'serve', channel: channel === '' ? 'installers' : channel }, value }]))
}

function samplesOfProcess(snapshot: ProcessSnapshot): readonly ServerSample[] {
  const labels = { process: snapshot.process }
  return [
    { name: 'process_resident_memory_bytes', labels, value: snapshot.residentBytes },
    { name: 'process_cpu_seconds_total', labels, value: snapshot.processorSeconds },
    { name: 'process_start_time_seconds', labels, value: snapshot.started },
    { name: 'nodejs_heap_size_used_bytes', labels, value: snapshot.heapBytes },
    { name: 'nodejs_external_memory_bytes', labels, value: snapshot.externalBytes },
  ]
}
