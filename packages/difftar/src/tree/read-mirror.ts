import { findChannels, readChannel, type ReadChannelOptions, type TreeChannel, type TreeWarning } from './read-tree.ts'

/** What `readMirror` needs to know. */
export interface ReadMirrorOptions extends Pick<ReadChannelOptions, 'signal' | 'md5'> {
  /** The folder of the mirror, or of a channel. */
  readonly mirror: string
  /** The folders of the channels that are wanted. Default: all. */
  readonly only?: ReadonlySet<string> | undefined
  readonly observe?: ((warning: TreeWarning) => void) | undefined
}

/** Reads what a mirror holds: the indexes of its channels, not their artifacts. Throws `TREE_NOT_FOUND`, and what reading an index throws. */
export async function readMirror({ mirror, only, md5, signal, observe = () => undefined }: ReadMirrorOptions): Promise<readonly TreeChannel[]> {
  const channels: TreeChannel[] = []
  for (const found of findChannels(mirror, observe)) {
    signal?.throwIfAborted()
    if (only === undefined || only.has(found.folder)) channels.push(await readChannel(found, { signal, md5, observe }))
  }
  return channels
}
