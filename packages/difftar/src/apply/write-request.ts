import { existsSync } from 'node:fs'
import { createDraft } from '../files/write-file.ts'
import { formatReference } from '../reference/write-reference.ts'
import { readMirror } from '../tree/read-mirror.ts'

/** Writes what a mirror holds, as a compact reference: the other side makes the delta from it that fits. */
export async function writeRequest(path: string, { mirror, signal }: { readonly mirror: string; readonly signal: AbortSignal | undefined }): Promise<void> {
  const channels = existsSync(mirror) ? await readMirror({ mirror, signal }) : []
  const draft = createDraft(path)
  try {
    await formatReference(channels, 'compact', draft)
    draft.publish()
  } finally {
    draft.discard()
  }
}
