import type { ByteRange, Validators } from './conditions.ts'

/** How long a file may be kept by those who fetched it. */
export type Freshness =
  /** Named by what is in it, or by a version: for ever. */
  | 'immutable'
  /** Replaced by the next publish. */
  | 'index'

/** A file of the mirror as it can be answered now. */
export interface FoundFile extends Validators {
  /** The last segment of its path. */
  readonly name: string
  readonly size: number
  readonly freshness: Freshness
  /** Found twice with the same mark and tag, it is the very same file. */
  readonly mark: string
  /**
   * Its bytes, in pieces of which each is valid until the next one is asked for. Holds nothing open before the first piece is asked for. Throws `FileReplaced` before the first piece when
   * the name has other bytes, or none, by now; ends early, or throws, when they go while they are read.
   */
  readonly read: (range: ByteRange) => AsyncIterable<Uint8Array>
}

/** What was found is not there any more: look again. */
export class FileReplaced extends Error {
  override readonly name = 'FileReplaced'
}
