import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from './conditions.ts'

const FIRST_PIECES = 65_536
const LATER_PIECES = 262_144
const ENOUGH = 1_048_576

/**
 * The bytes of an open file, in pieces of which each is valid until the next one is asked for: small ones first, so that a thousand slow readers hold little, larger ones for those that keep
 * up. A file that became shorter ends early.
 */
export async function* readPieces(handle: FileHandle, { start, end }: ByteRange): AsyncGenerator<Uint8Array> {
  let buffer = Buffer.allocUnsafe(Math.min(FIRST_PIECES, end - start))
  for (let position = start; position < end;) {
    if (position - start >= ENOUGH && buffer.length < LATER_PIECES) buffer = Buffer.allocUnsafe(LATER_PIECES)
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.length, end - position), position)
    if (bytesRead === 0) return
    yield buffer.subarray(0, bytesRead)
    position += bytesRead
  }
}
