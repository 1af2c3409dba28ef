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
  let samples: Sample[] = []

  function receive(bytes: number): void {
    const time = now()
    const total = counts.totalBytes === 0 ? Number.POSITIVE_INFINITY : counts.totalBytes
    counts.bytes = Math.min(counts.bytes + bytes, total)
    const last = samples.at(-1)
    if (last !== undefined && time - last.time < 100) last.bytes += bytes
    else samples = [...samples.filter((sample) => time - sample.time < WINDOW), { time, bytes }]
  }

  /** What came from a disk is not told as received, but counts. */
  function finish(size: number): void {
    doneBytes += size
    if (doneBytes > counts.bytes) receive(doneBytes - counts.bytes)
    counts.artifacts += 1
  }

  /** What tells how much there is, and how much of it is behind. */
  function follow({ isStart, files, bytes }: Measure): void {
    if (isStart) counts = { artifacts: 0, totalArtifacts: files, bytes: 0, totalBytes: bytes }
    else {
      receive(bytes - counts.bytes)
      counts.artifacts = files
    }
  }

  function observeSync(event: SyncEvent): void {
    if (event.type === 'bytes-received') receive(event.bytes)
    else if (event.type === 'fetch-planned') counts = { artifacts: 0, totalArtifacts: event.artifacts, bytes: 0, totalBytes: event.bytes }
    else if (event.type === 'artifact-done' || event.type === 'installer-done') finish(event.type === 'artifact-done' ? event.artifact.size : event.size)
  }

  return {
    observe(shown) {
      const isStart = shown.type === 'channel-started' || shown.type === 'installers-started'
      if (isStart || (shown.type === 'sync' && shown.event.type === 'fetch-planned')) doneBytes = 0
      if (isStart) counts = { artifacts: 0, totalArtifacts: 0, bytes: 0, totalBytes: 0 }
      const measure = measureOf(shown)
      if (measure !== undefined) follow(measure)
      if (shown.type === 'sync') observeSync(shown.event)
    },
    read() {
      return { ...counts, rate: rateOf(samples, now()) }
    },
  }
}

interface Sample {
  readonly time: number
  bytes: number
}

function rateOf(samples: readonly Sample[], time: number): number {
  const recent = samples.filter((sample) => time - sample.time < WINDOW)
  const span = Math.max(1000, time - (recent[0]?.time ?? time))
  return Math.round((recent.reduce((sum, { bytes }) => sum + bytes, 0) * 1000) / span)
}

interface Measure {
  readonly isStart: boolean
  readonly files: number
  readonly bytes: number
}

function measureOf(shown: ShownEvent): Measure | undefined {
  if (shown.type === 'delta-started' || shown.type === 'delta') return { isStart: shown.type === 'delta-started', files: shown.files, bytes: shown.bytes }
  return shown.type === 'verify' ? measureOfVerify(shown.event) : undefined
}

function measureOfVerify(event: VerifyEvent): Measure | undefined {
  if (event.type !== 'verify-started' && event.type !== 'verify-progress') return undefined
  return { isStart: event.type === 'verify-started', files: event.artifacts, bytes: event.bytes }
}
