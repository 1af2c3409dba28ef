import type { Artifact } from '@mirror/core'

/** What a store tells while it works. Names and counts; no sentences, no secrets. */
export type StoreEvent =
  /** A broken commit of an earlier run was completed (`forward`) or dropped (`back`). */
  | { readonly type: 'store-recovered'; readonly direction: 'forward' | 'back'; readonly generation: number }
  /** Bytes that were there already were verified and are used. */
  | { readonly type: 'artifact-reused'; readonly artifact: Artifact }
  /** Bytes that were there under the right name are not what the index says; they will be put anew. */
  | { readonly type: 'artifact-damaged'; readonly artifact: Artifact; readonly found: 'size' | 'digest' | 'not-a-file' }
  /** A re-used name: the bytes under it changed. */
  | { readonly type: 'artifact-replaced'; readonly before: Artifact; readonly after: Artifact }
  | { readonly type: 'subdir-switched'; readonly subdir: string }
  | { readonly type: 'committed'; readonly generation: number }
  /** Something that the file system cannot promise, found by the probe at the start. */
  | { readonly type: 'store-warning'; readonly warning: string }
