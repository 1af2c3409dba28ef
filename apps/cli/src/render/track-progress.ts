import type { VerifyEvent } from '@mirror/store'
import type { UploadEvent } from '@mirror/sync'
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

/** What is behind, and how much there is. */
interface Meter {
  readonly begin: (artifacts: number, bytes: number) => void
  readonly receive: (bytes: number) => void
  /** What came from a disk is not told as received, but counts. */
  readonly finish: (size: number) => void
  /** So much is behind, in all. */
  readonly reach: (artifacts: number, bytes: number) => void
  readonly read: () => ChannelProgress
}

function createMeter(now: () => number): Meter {
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

  return {
    receive,
    begin(artifacts, bytes) {
      doneBytes = 0
      counts = { artifacts: 0, totalArtifacts: artifacts, bytes: 0, totalBytes: bytes }
    },
    finish(size) {
      doneBytes += size
      if (doneBytes > counts.bytes) receive(doneBytes - counts.bytes)
      counts.artifacts += 1
    },
    reach(artifacts, bytes) {
      receive(bytes - counts.bytes)
      counts.artifacts = artifacts
    },
    read: () => ({ ...counts, rate: rateOf(samples, now()) }),
  }
}

/** Creates a tracker; `now` gives milliseconds. The rate is that of the last five seconds. */
export function createProgressTracker(now: () => number): ProgressTracker {
  const meter = createMeter(now)
  /** What is fetched to be uploaded is not what the progress is about. */
  let isUpload = false

  function observeSync(event: UploadEvent): void {
    const plan = planOf(event)
    if (plan !== undefined) {
      isUpload = event.type === 'upload-planned'
      meter.begin(plan.artifacts, plan.bytes)
    } else if (event.type === (isUpload ? 'bytes-sent' : 'bytes-received')) meter.receive(event.bytes)
    else {
      const size = sizeDone(event)
      if (size !== undefined) meter.finish(size)
    }
  }

  return {
    observe(shown) {
      if (shown.type === 'channel-started' || shown.type === 'installers-started') meter.begin(0, 0)
      const measure = measureOf(shown)
      if (measure?.isStart === true) meter.begin(measure.files, measure.bytes)
      else if (measure !== undefined) meter.reach(measure.files, measure.bytes)
      if (shown.type === 'sync') observeSync(shown.event)
    },
    read: meter.read,
  }
}

/** How much is to be moved, once that is known. */
function planOf(event: UploadEvent): { readonly artifacts: number; readonly bytes: number } | undefined {
  if (event.type === 'fetch-planned') return event
  return event.type === 'upload-planned' ? { artifacts: event.upload, bytes: event.uploadBytes } : undefined
}

/** The bytes of what is behind now. */
function sizeDone(event: UploadEvent): number | undefined {
  if (event.type === 'installer-done') return event.size
  return event.type === 'artifact-done' || event.type === 'upload-done' ? event.artifact.size : undefined
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
