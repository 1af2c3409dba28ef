import type { VerifyEvent } from '@mirror/store'
import type { SyncEvent } from '@mirror/sync'
import type { ChannelProgress, ShownEvent } from '../events.ts'

/** Follows how far a channel is. */
export interface ProgressTracker {
  readonly observe: (shown: ShownEvent) => void
  readonly read: () => ChannelProgress
}

const WINDOW = 5000

interface Counts {
  artifacts: number
  totalArtifacts: number
  bytes: number
  totalBytes: number
}

/** Creates a tracker; `now` gives milliseconds. The rate is that of the last five seconds. */
export function createProgressTracker(now: () => number): ProgressTracker {
  let counts: Counts = { artifacts: 0, totalArtifacts: 0, bytes: 0, totalBytes: 0 }
  let doneBytes = 0
  let samples: { time: number; bytes: number }[] = []

  function receive(bytes: number): void {
    const time = now()
    const total = counts.totalBytes === 0 ? Number.POSITIVE_INFINITY : counts.totalBytes
    counts.bytes = Math.min(counts.bytes + bytes, total)
    const last = samples.at(-1)
    if (last !== undefined && time - last.time < 100) last.bytes += bytes
    else samples = [...samples.filter((sample) => time - sample.time < WINDOW), { time, bytes }]
  }

  /** What came from a disk is not told as received, but counts. */
  function finish(size: number | undefined): void {
    if (size === undefined) return
    doneBytes += size
    if (doneBytes > counts.bytes) receive(doneBytes - counts.bytes)
    counts.artifacts += 1
  }

  function observeVerify(event: VerifyEvent): void {
    if (event.type === 'verify-started') counts = { artifacts: 0, totalArtifacts: event.artifacts, bytes: 0, totalBytes: event.bytes }
    if (event.type !== 'verify-progress') return
    receive(event.bytes - counts.bytes)
    counts.artifacts = event.artifacts
  }

  return {
    observe(shown) {
      const isStart = shown.type === 'channel-started' || shown.type === 'installers-started'
      if (isStart || (shown.type === 'sync' && shown.event.type === 'fetch-planned')) doneBytes = 0
      if (isStart) counts = { artifacts: 0, totalArtifacts: 0, bytes: 0, totalBytes: 0 }
      if (shown.type === 'verify') observeVerify(shown.event)
      if (shown.type === 'delta-started') {
        doneBytes = 0
        counts = { artifacts: 0, totalArtifacts: shown.files, bytes: 0, totalBytes: shown.bytes }
      }
      if (shown.type === 'delta') {
        receive(shown.bytes - counts.bytes)
        counts.artifacts = shown.files
      }
      if (shown.type !== 'sync') return
      const { event } = shown
      if (event.type === 'bytes-received') receive(event.bytes)
      else if (event.type === 'fetch-planned') counts = { artifacts: 0, totalArtifacts: event.artifacts, bytes: 0, totalBytes: event.bytes }
      else finish(doneSize(event))
    },
    read() {
      const time = now()
      const recent = samples.filter((sample) => time - sample.time < WINDOW)
      const span = Math.max(1000, time - (recent[0]?.time ?? time))
      return { ...counts, rate: Math.round((recent.reduce((sum, sample) => sum + sample.bytes, 0) * 1000) / span) }
    },
  }
}

/** The bytes of what is done, if the event says that something is. */
function doneSize(event: SyncEvent): number | undefined {
  if (event.type === 'artifact-done') return event.artifact.size
  return event.type === 'installer-done' ? event.size : undefined
}
