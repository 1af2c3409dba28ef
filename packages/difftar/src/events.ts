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
  /** A delta was opened, and is about to be verified. */
  | { readonly type: 'delta-opened'; readonly entries: number; readonly bytes: number }
  /** A tree that the store did not make, or that somebody changed, is verified and taken over. */
  | { readonly type: 'channel-adopting'; readonly folder: string }
  | { readonly type: 'channel-applying'; readonly folder: string; readonly add: number; readonly bytes: number; readonly remove: number }
  | { readonly type: 'channel-applied'; readonly folder: string; readonly generation: number }
  /** Volumes of another delta, of which some did not come yet, are still kept there. */
  | { readonly type: 'volumes-left'; readonly folder: string }
