export type { SyncEvent } from './events.ts'
export type { ReusePolicy, SyncOptions, VariantChoice, WantedSubdir } from './options.ts'
export type { FailedArtifact, HeldSubdir, LeftOut, SubdirSummary, SyncReport, SyncWarning } from './report.ts'
