import { randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createDraft, type DraftFile } from '../files/write-file.ts'

/** A delta that came through a pipe, as a file until it is disposed of. */
export interface SpooledDelta extends Disposable {
  readonly path: string
}

/** Options of `spoolDelta`. */
export interface SpoolDeltaOptions {
  /** The folder to keep it in, if it can be written: one on the disk of the mirror. Otherwise the system's folder for temporary files. */
  readonly beside: string
  readonly signal?: AbortSignal | undefined
}

/** Keeps what comes through a pipe: all of a delta has to be seen before anything of it is used. Throws what the file system throws, and the signal's reason; then nothing stays. */
export async function spoolDelta(input: AsyncIterable<Uint8Array | string>, { beside, signal }: SpoolDeltaOptions): Promise<SpooledDelta> {
  const draft = openSpool([beside, tmpdir()], `delta-${randomBytes(6).toString('hex')}.tar`)
  try {
    for await (const piece of input) {
      signal?.throwIfAborted()
      draft.write(Buffer.from(piece))
    }
    signal?.throwIfAborted()
    return { path: draft.draft, [Symbol.dispose]: () => draft.discard() }
  } catch (error) {
    draft.discard()
    throw error
  }
}

function openSpool([folder = '', ...others]: readonly string[], name: string): DraftFile {
  try {
    return createDraft(join(folder, name))
  } catch (error) {
    if (others.length === 0) throw error
    return openSpool(others, name)
  }
}
