import type { FileHandle } from 'node:fs/promises'
import { readError } from '../failure.ts'
import type { RequestBody } from '../transport.ts'

const CHUNK = 262_144

/** The bytes of an open file, from its start, `size` of them. Throws `SIZE_MISMATCH` when there are fewer. */
export async function* readChunks(file: FileHandle, size: number): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < size;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(Math.min(CHUNK, size - position)), { position })
    if (bytesRead === 0) throw readError('SIZE_MISMATCH', `Cannot upload a file: it has ${position} of ${size} bytes`, { hint: 'Something else changed it while it was read; run the command again.' })
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** The raw bytes of a file as a body. */
export function fileBody(file: FileHandle, size: number): RequestBody {
  return { type: 'application/octet-stream', length: size, chunks: () => readChunks(file, size) }
}
