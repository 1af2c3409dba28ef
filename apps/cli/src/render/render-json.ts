import { redactText } from '@mirror/core'
import type { Renderer, ShownEvent } from '../events.ts'
import type { Output } from '../output.ts'
import { escapeControls } from './escape-controls.ts'
import { createProgressTracker } from './track-progress.ts'

/** What the renderers need. */
export interface JsonOptions {
  readonly output: Output
  /** Milliseconds. */
  readonly now: () => number
}

/** One line of NDJSON: `type` and `time` first, and no secrets. */
export function formatJsonLine(fields: Readonly<Record<string, unknown>> & { readonly type: string }, now: number): string {
  const { type, ...others } = fields
  return `${escapeControls(JSON.stringify({ type, time: new Date(now).toISOString(), ...others }, hideSecrets))}\n`
}

function hideSecrets(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? redactText(value) : value
}

/** Writes every event as a line of NDJSON. Received and verified bytes are told once a second, as `progress`. */
export function createJsonRenderer({ output, now }: JsonOptions): Renderer {
  const tracker = createProgressTracker(now)
  let told = now()

  function tellProgress(channel: string): void {
    if (now() - told < 1000) return
    told = now()
    output.write(formatJsonLine({ type: 'progress', channel, progress: tracker.read() }, now()))
  }

  return {
    render(shown: ShownEvent) {
      tracker.observe(shown)
      if (shown.type === 'delta') tellProgress(shown.delta)
      else if (shown.type !== 'sync' && shown.type !== 'verify') output.write(formatJsonLine({ ...shown }, now()))
      else if (shown.event.type === 'bytes-received' || shown.event.type === 'bytes-sent' || shown.event.type === 'verify-progress') tellProgress(shown.channel)
      else output.write(formatJsonLine({ ...shown.event, type: shown.event.type, channel: shown.channel }, now()))
    },
    close() {},
  }
}
