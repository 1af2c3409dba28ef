import { createHash } from 'node:crypto'
import { createDigest, type Digest } from '@mirror/core'
import { openFile } from './open-file.ts'

/** The sha256 and size of a plain file; undefined when there is none. Links are followed only when asked for. */
export async function digestOfFile(path: string, { follow = false, signal }: { readonly follow?: boolean; readonly signal?: AbortSignal | undefined } = {}): Promise<{ readonly digest: Digest; readonly size: number } | undefined> {
  await using file = await openFile(path, { follow })
  if (file === undefined) return undefined
  const hash = createHash('sha256')
  for await (const piece of file.pieces(0, file.size)) {
    signal?.throwIfAborted()
    hash.update(piece)
  }
  return { digest: createDigest('sha256', hash.digest('hex')), size: file.size }
}
