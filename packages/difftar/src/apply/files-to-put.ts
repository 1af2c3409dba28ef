import { join } from 'node:path'
import type { PublishedFile } from '@mirror/delta'
import { difftarError } from '../difftar-error.ts'
import { openFile } from '../files/open-file.ts'

/** A file of a changeset, with its bytes as often as they are asked for. */
export interface FileToPut {
  readonly file: PublishedFile
  readonly open: () => AsyncIterable<Uint8Array>
}

/** The bytes of a file that lies in the mirror already. */
export async function* readPublic(root: string, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  await using file = await openFile(join(root, path))
  if (file === undefined) throw difftarError('DELTA_INCOMPLETE', `Cannot use ${path} of the mirror: it is not there, or is no plain file`, { hint: 'Bring a delta from nothing, or sync the mirror.', details: { path } })
  yield* file.pieces(0, file.size)
}
