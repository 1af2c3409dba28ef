import type { StoreEvent } from '@mirror/store'
import type { CreateEvent } from './create/create-delta.ts'
import type { VerifyProgress } from './medium/delta-source.ts'
import type { TreeWarning } from './tree/read-tree.ts'

/** What this package tells while it works. Names and counts; no secrets. */
export type DifftarEvent =
  | StoreEvent
  | CreateEvent
  | VerifyProgress
  | TreeWarning
  /** A tree that the store did not make, or that somebody changed, is verified and taken over. */
  | { readonly type: 'channel-adopting'; readonly folder: string }
  | { readonly type: 'channel-applying'; readonly folder: string; readonly add: number; readonly bytes: number; readonly remove: number }
  | { readonly type: 'channel-applied'; readonly folder: string; readonly generation: number }
