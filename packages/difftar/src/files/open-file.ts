import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** A regular file that is read at any place. */
export interface OpenFile extends AsyncDisposable {
  readonly path: string
  readonly size: number
  /** Up to `length` bytes from `position`, fewer only at the end. A copy. */
  readonly read: (position: number, length: number) => Promise<Uint8Array>
  /** Bytes in pieces, each valid until the next one is asked for. Throws a RangeError when the file ends before. */
  readonly pieces: (position: number, length: number) => AsyncGenerator<Uint8Array, void, undefined>
  readonly close: () => Promise<void>
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
/** Larger ones miss the processor's cache. */
const PIECE = 256 * 1024

/** Opens a file without following a link and without waiting for a pipe. Undefined when there is none, or what is there is no regular file. */
export async function openFile(path: string, { follow = false }: { readonly follow?: boolean } = {}): Promise<OpenFile | undefined> {
  const handle = await open(path, follow ? FLAGS & ~constants.O_NOFOLLOW : FLAGS).catch((error: unknown) => {
    if (hasErrno(error, 'ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'EISDIR')) return undefined
    throw error
  })
  if (handle === undefined) return undefined
  const stat = await handle.stat()
  if (!stat.isFile()) {
    await handle.close()
    return undefined
  }
  const readInto = async (buffer: Uint8Array, position: number): Promise<number> => {
    let filled = 0
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, position + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled
  }
  const close = async (): Promise<void> => handle.close()
  return {
    path, size: stat.size, close, [Symbol.asyncDispose]: close,
    async read(position, length) {
      const buffer = Buffer.allocUnsafe(Math.max(0, Math.min(length, stat.size - position)))
      return buffer.subarray(0, await readInto(buffer, position))
    },
    async *pieces(position, length) {
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, length))
      for (let done = 0; done < length;) {
        const filled = await readInto(buffer.subarray(0, Math.min(buffer.length, length - done)), position + done)
        if (filled === 0) throw new RangeError(`${path} ends at ${position + done}`)
        done += filled
        yield buffer.subarray(0, filled)
      }
    },
  }
}

/** True for an error of the operating system with one of these codes. */
export function hasErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code)
}
