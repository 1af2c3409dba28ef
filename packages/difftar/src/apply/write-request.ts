import { existsSync } from 'node:fs'
import { createDraft } from '../files/write-file.ts'
import { formatReference } from '../reference/write-reference.ts'
import { findChannels, readChannel, type TreeChannel } from '../tree/read-tree.ts'

/** Writes what a mirror holds, as a compact reference: the other side makes the delta from it that fits. */
export async function writeRequest(path: string, { mirror, signal }: { readonly mirror: string; readonly signal: AbortSignal | undefined }): Promise<void> {
  const channels: TreeChannel[] = []
  for (const found of existsSync(mirror) ? findChannels(mirror, () => undefined) : []) channels.push(await readChannel(found, { signal, observe: () => undefined }))
  const draft = createDraft(path)
  try {
    await formatReference(channels, 'compact', draft)
    draft.publish()
  } finally {
    draft.discard()
  }
}
