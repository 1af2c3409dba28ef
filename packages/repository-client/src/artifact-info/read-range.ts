import type { FileHandle } from 'node:fs/promises'
import { BrokenArtifact } from './broken-artifact.ts'

/** A part of a file: from `start` up to `end`, in bytes. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

const PIECE = 65_536

/** The bytes of a range that is small enough to be held. Throws `BrokenArtifact` where the file ends before it does. */
export async function readWhole(file: FileHandle, { start, end }: ByteRange): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(end - start)
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await file.read(bytes, done, bytes.length - done, start + done)
    if (bytesRead === 0) throw new BrokenArtifact('it is cut short')
    done += bytesRead
  }
  return bytes
}

/** The bytes of a range in pieces of 64 KiB, each in memory of its own. */
export async function* readPieces(file: FileHandle, { start, end }: ByteRange, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < end; at += PIECE) {
    signal?.throwIfAborted()
    yield await readWhole(file, { start: at, end: Math.min(end, at + PIECE) })
  }
}
