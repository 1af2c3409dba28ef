import { createHash } from 'node:crypto'
import type { Sha256, SubdirName } from '@mirror/core'
import { isSha256 } from '@mirror/core'

/** A file of a channel other than an artifact: an index variant, a shard, an installer. Named by its path from the channel's root, with `/`. */
export interface PublishedFile {
  readonly path: string
  readonly sha256: Sha256
  /** Bytes. */
  readonly size: number
}

/** What one subdir of a channel is: the index document, from which the artifacts follow, and the files derived from it. */
export interface SubdirState {
  readonly subdir: SubdirName
  /** `<subdir>/repodata.json`: the one document that everything else of the subdir follows from. */
  readonly document: PublishedFile
  /** The other variants of the index, in the order in which they are switched; shards themselves are not among them, their index is. */
  readonly variants: readonly PublishedFile[]
  /** What the document lists. */
  readonly artifacts: { readonly count: number; readonly bytes: number }
}

/** What a store holds: subdirs sorted by name, and plain files sorted by path. */
export interface ChannelState {
  readonly subdirs: readonly SubdirState[]
  readonly files: readonly PublishedFile[]
}

/**
 * Identifies what a channel's mirror holds, wherever it lies and whoever compressed it: sha256 over one line
 * `<path> <sha256> <size>\n` for each index document and plain file, sorted by path. Variants and shards do not count:
 * they follow from the document, and two versions of a compressor may disagree about them.
 */
export type StateId = Sha256

/** The state of a channel that has nothing. */
export const EMPTY_STATE: ChannelState = { subdirs: [], files: [] }

/** Computes the identity of a state. Pure; the order of the input does not matter. */
export function stateId(state: ChannelState): StateId {
  const lines = [...state.subdirs.map((subdir) => subdir.document), ...state.files].map(formatLine)
  const hex = createHash('sha256').update(lines.toSorted().join('')).digest('hex')
  if (isSha256(hex)) return hex
  throw new Error('sha256 is not 64 hex digits')
}

function formatLine({ path, sha256, size }: PublishedFile): string {
  return `${path} ${sha256} ${size}\n`
}

/** Whether a subdir is published with the same files: the document and each variant by path and digest, in the same order. */
export function isSameSubdir(left: SubdirState, right: SubdirState): boolean {
  const describe = ({ document, variants }: SubdirState): string => [document, ...variants].map(({ path, sha256 }) => `${path} ${sha256}`).join('\n')
  return describe(left) === describe(right)
}
