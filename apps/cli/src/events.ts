import type { VerifyEvent } from '@mirror/store'
import type { InstallersReport, SyncReport, UploadEvent, UploadReport } from '@mirror/sync'
import type { ErrorFacts } from './errors/error-facts.ts'

/** How much somebody wants to read. */
export type LogLevel = 'CRITICAL' | 'ERROR' | 'WARNING' | 'INFO' | 'DEBUG'

/** How far a channel is; told at most once a second, in place of every packet. */
export interface ChannelProgress {
  readonly artifacts: number
  readonly totalArtifacts: number
  /** Bytes over the network, and how many there will be; 0 before that is known (of `verify`: bytes that were read). */
  readonly bytes: number
  readonly totalBytes: number
  /** Bytes a second. */
  readonly rate: number
}

/** What a run tells, beside what `syncChannel` tells. Names and counts; no secrets. */
export type RunEvent =
  | { readonly type: 'run-started'; readonly command: string; readonly mirror: string; readonly config: string | undefined; readonly channels: number }
  /** Something about the configuration that deserves to be read, but does not stop the run. */
  | { readonly type: 'notice'; readonly code: string; readonly message: string }
  | { readonly type: 'channel-started'; readonly channel: string; readonly folder: string }
  | { readonly type: 'progress'; readonly channel: string; readonly progress: ChannelProgress }
  | { readonly type: 'channel-finished'; readonly channel: string; readonly report: SyncReport }
  | { readonly type: 'channel-failed'; readonly channel: string; readonly error: ErrorFacts }
  | { readonly type: 'upload-finished'; readonly channel: string; readonly report: UploadReport }
  | { readonly type: 'delta-started'; readonly delta: string; readonly work: 'verify' | 'write'; readonly files: number; readonly bytes: number }
  | { readonly type: 'delta-finished'; readonly delta: string; readonly work: 'verify' | 'write' }
  | { readonly type: 'installers-started'; readonly remote: string }
  | { readonly type: 'installers-finished'; readonly remote: string; readonly report: InstallersReport }
  | { readonly type: 'installers-failed'; readonly remote: string; readonly error: ErrorFacts }

/** What a renderer shows: an event of the run, or one of `syncChannel`, `uploadChannel` or `verifyStore` with its channel. */
export type ShownEvent =
  | RunEvent
  | { readonly type: 'sync'; readonly channel: string; readonly event: UploadEvent }
  | { readonly type: 'verify'; readonly channel: string; readonly event: VerifyEvent }
  /** How far the work on a delta is: what is behind, in all. */
  | { readonly type: 'delta'; readonly delta: string; readonly files: number; readonly bytes: number }

/** Shows events. */
export interface Renderer {
  readonly render: (event: ShownEvent) => void
  /** Leaves the terminal as it was. Twice is harmless. */
  readonly close: () => void
}
