/** Why an attempt failed that may succeed when it is made again. */
export type FailureReason = 'dns' | 'refused' | 'unreachable' | 'reset' | 'truncated' | 'timeout' | 'stalled' | 'status' | 'wrong-bytes' | 'network'

/** What a client tells while it works. URLs are redacted; no sentences, no secrets, no times. */
export type ClientEvent =
  /** An attempt failed and is made again after `delay` milliseconds. `attempt` counts from 1: the one that failed. */
  | { readonly type: 'retry'; readonly url: string; readonly attempt: number; readonly reason: FailureReason; readonly delay: number }
  | { readonly type: 'redirected'; readonly from: string; readonly to: string }
  /** A broken transfer goes on at `offset`. */
  | { readonly type: 'resumed'; readonly url: string; readonly offset: number }
  /** Bytes of a body as they came over the network, compressed ones as such; often. */
  | { readonly type: 'bytes-received'; readonly bytes: number }
  /** The host failed on and on; requests to it are refused for `pause` milliseconds. */
  | { readonly type: 'host-failing'; readonly host: string; readonly pause: number }

/** What a target tells while it works. No secrets, no times. */
export type TargetEvent =
  /** Something failed on the way and is done again from its start, after `delay` milliseconds. `attempt` counts from 1: the one that failed. */
  | { readonly type: 'target-retry'; readonly doing: string; readonly attempt: number; readonly reason: FailureReason; readonly delay: number }
  /** Something that the target says beside its answers, such as that it is read-only now. Each once. */
  | { readonly type: 'target-notice'; readonly message: string }
  /** Bytes of a body that went out; often. */
  | { readonly type: 'bytes-sent'; readonly bytes: number }
  | Extract<ClientEvent, { readonly type: 'host-failing' }>

/** Receives events; called synchronously, must not throw. */
export type Observe<Event> = (event: Event) => void
