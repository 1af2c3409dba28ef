/** Every metric of the server. Those of channels have the names that the commands write into their metrics file, with `command="serve"` and the folder as the channel. */
export const SERVER_METRICS = {
  mirror_http_requests_total: { type: 'counter', help: 'Requests that were answered, or broke off.' },
  mirror_http_response_bytes_total: { type: 'counter', help: 'Bytes that went to clients, heads included.' },
  mirror_http_broken_total: { type: 'counter', help: 'Answers that broke off: the client went, or the file did.' },
  mirror_http_request_duration_seconds: { type: 'histogram', help: 'How long requests took, to the end of the answer.' },
  mirror_http_requests_active: { type: 'gauge', help: 'Requests that are being answered.' },
  mirror_certificate_expires_timestamp_seconds: { type: 'gauge', help: 'When the certificate of the server ends, in seconds since the epoch; absent where there is none.' },
  mirror_ready: { type: 'gauge', help: 'Whether the channel can be served, 1 or 0; without a channel, whether the mirror can.' },
  mirror_age_seconds: { type: 'gauge', help: 'How long ago a run last found the channel up to date or made it so.' },
  mirror_generation: { type: 'gauge', help: 'The number of the generation that is published.' },
  mirror_generation_timestamp_seconds: { type: 'gauge', help: 'When that generation was published, in seconds since the epoch.' },
  mirror_artifacts: { type: 'gauge', help: 'How many artifacts the published indexes list.' },
  mirror_artifact_bytes: { type: 'gauge', help: 'Their bytes.' },
  process_resident_memory_bytes: { type: 'gauge', help: 'Memory that a process of the server holds.' },
  process_cpu_seconds_total: { type: 'counter', help: 'Processor time that it used.' },
  process_start_time_seconds: { type: 'gauge', help: 'When it was started, in seconds since the epoch.' },
  nodejs_heap_size_used_bytes: { type: 'gauge', help: 'Its heap, as far as it is used.' },
  nodejs_external_memory_bytes: { type: 'gauge', help: 'Its memory outside of the heap: buffers.' },
} as const

/** The name of a metric of the server. */
export type ServerMetricName = keyof typeof SERVER_METRICS

/** One value of a metric. `suffix` is for the parts of a histogram. */
export interface ServerSample {
  readonly name: ServerMetricName
  readonly suffix?: '_bucket' | '_sum' | '_count'
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** Samples in the text format of Prometheus (0.0.4), each metric with its heading. */
export function formatServerMetrics(samples: readonly ServerSample[]): string {
  const byName = Map.groupBy(samples, ({ name }) => name)
  return [...byName].map(([name, own]) => `# HELP ${name} ${SERVER_METRICS[name].help}\n# TYPE ${name} ${SERVER_METRICS[name].type}\n${own.map(formatSample).join('')}`).join('')
}

function formatSample({ name, suffix, labels, value }: ServerSample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
  return `${name}${suffix ?? ''}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`
}
