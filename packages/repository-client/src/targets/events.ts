import type { FailureReason } from '../events.ts'

/** What a target tells while it works. No secrets, no times. */
export type TargetEvent =
  /** Something failed on the way and is done again from its start, after `delay` milliseconds. `attempt` counts from 1: the one that failed. */
  | { readonly type: 'target-retry'; readonly doing: string; readonly attempt: number; readonly reason: FailureReason; readonly delay: number }
  /** Bytes of a body that went out; often. */
  | { readonly type: 'bytes-sent'; readonly bytes: number }
  | { readonly type: 'host-failing'; readonly host: string; readonly pause: number }
