import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from './contract.ts'

const LEAST = 32_768
const MOST = 262_144
/** Who took longer for a piece gets small ones. Milliseconds. */
const QUICK = 100
/** So many readers at a time have large pieces: a reader who stops taking keeps the piece that it has. */
const SEATS = 64
let seats = SEATS

/** Buffers that nobody uses, by their size: what is read a piece at a time leaves none behind for the collector, which would let them pile up. */
const FREE: ReadonlyMap<number, Buffer[]> = new Map([[LEAST, []], [LEAST * 2, []], [MOST / 2, []], [MOST, []]])

/**
 * Reads an open file from `start` to `end` (excluded), or to its end: in large pieces for those who take them at once, which is what makes them quick, and in small ones for those who do not,
 * so that a thousand of these hold little memory. With `isBorrowed`, each piece is valid only until the next one is asked for.
 */
export async function* readAtPace(handle: FileHandle, { start, end, isBorrowed = false }: ByteRange & { readonly isBorrowed?: boolean }): AsyncGenerator<Uint8Array> {
  let wanted = LEAST
  for (let position = start; position < end;) {
    const isSeated = wanted > LEAST && seats > 0
    const size = isSeated ? wanted : LEAST
    const length = Math.min(size, end - position)
    const buffer = (isBorrowed ? FREE.get(size)?.pop() : undefined) ?? Buffer.allocUnsafeSlow(isBorrowed ? size : length)
    if (isSeated) seats -= 1
    try {
      const { bytesRead } = await handle.read(buffer, 0, length, position)
      if (bytesRead === 0) return
      position += bytesRead
      const given = performance.now()
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
      wanted = performance.now() - given < QUICK ? Math.min(wanted * 2, MOST) : LEAST
    } finally {
      if (isSeated) seats += 1
      const free = isBorrowed ? FREE.get(size) : undefined
      if (free !== undefined && free.length < SEATS) free.push(buffer)
    }
  }
}
