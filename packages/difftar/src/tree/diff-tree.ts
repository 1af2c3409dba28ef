import type { Reference } from '../reference/reference.ts'
import { type ChannelDiff, diffChannel } from './diff-channel.ts'
import { findChannels, readChannel, type TreeChannel, type TreeWarning } from './read-tree.ts'

/** What `diffTree` needs to know. */
export interface DiffTreeOptions {
  /** The folder of the mirror, or of a channel. */
  readonly mirror: string
  /** What the other side may hold; several: the delta will fit any of them. None: it holds nothing. */
  readonly references: readonly Reference[]
  /** The folders of the channels that are wanted. Default: all. */
  readonly only?: ReadonlySet<string> | undefined
  readonly signal?: AbortSignal | undefined
  readonly observe?: ((warning: TreeWarning) => void) | undefined
}

/** What leads from some references to what a mirror holds now. */
export interface TreeDiff {
  /** Channels that changed, by folder. */
  readonly channels: readonly ChannelDiff[]
  /** For the manifest: the newest generation of the channels, or 1. */
  readonly sequence: number
  /** The folders of all channels that were looked at. */
  readonly found: readonly string[]
}

/** Compares a mirror with references. Reads the indexes, not the artifacts. Throws `TREE_NOT_FOUND`, and what reading an index throws. */
export async function diffTree({ mirror, references, only, signal, observe = () => undefined }: DiffTreeOptions): Promise<TreeDiff> {
  const found = findChannels(mirror, observe).filter(({ folder }) => only === undefined || only.has(folder))
  const isOld = references.some(({ channels }) => channels.some(({ known }) => known === undefined))
  const hasMd5 = references.some(({ channels }) => channels.some(({ subdirs }) => [...subdirs.values()].some(({ isWeak }) => isWeak)))
  const channels: ChannelDiff[] = []
  let sequence = 1
  for (const one of found) {
    const channel = await readChannel(one, { signal, observe, md5: hasMd5, records: isOld })
    sequence = Math.max(sequence, channel.generation)
    const diff = diffChannel(channel, references.length === 0 ? [undefined] : references.map((reference) => channelOf(reference, channel)))
    if (diff !== undefined) channels.push(diff)
  }
  for (const folder of new Set(references.flatMap((reference) => reference.channels.map((channel) => channel.folder)))) {
    if (only === undefined && found.every((one) => one.folder !== folder)) observe({ type: 'tree-warning', path: folder, message: 'is in the reference and not in the mirror: what it had is not removed on the other side', isWrong: false })
  }
  return { channels, sequence, found: found.map(({ folder }) => folder) }
}

function channelOf({ channels }: Reference, { folder }: TreeChannel): Reference['channels'][number] | undefined {
  return channels.find((channel) => channel.folder === folder)
}
