import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from './contract.ts'

const LEAST = 32_768
const MOST = 262_144
/** Who took longer for a piece gets small ones. Milliseconds. */
const QUICK = 100
/** So many readers at a time have large pieces: a reader who stops taking keeps the piece that it has. */
const SEATS = 32
let seats = SEATS

/**
 * So many pieces are read at a time; who comes later waits for their turn. Otherwise a thousand readers would each have one waiting, and whoever wants a word about a small file would wait for
 * all of them, again and again.
 */
const TURNS = 16
let turns = TURNS
const waiting: (() => void)[] = []

async function takeTurn(): Promise<void> {
  if (turns > 0) turns -= 1
  else await new Promise<void>((resolve) => void waiting.push(resolve))
}

/** Hands the turn on to who has waited longest. */
function endTurn(): void {
  const next = waiting.shift()
  if (next === undefined) turns += 1
  else next()
}

async function readInTurn(handle: FileHandle, { buffer, length, position }: { readonly buffer: Buffer; readonly length: number; readonly position: number }): Promise<number> {
  await takeTurn()
  try {
    return (await handle.read(buffer, 0, length, position)).bytesRead
  } finally {
    endTurn()
  }
}

/** So many of the small ones are kept. */
const KEPT = 1024

/** Buffers that nobody uses, by their size: what is read a piece at a time leaves none behind for the collector, which would let them pile up. */
const FREE: ReadonlyMap<number, Buffer[]> = new Map([[LEAST, []], [LEAST * 2, []], [MOST / 2, []], [MOST, []]])

/** A buffer for one piece, and the seat that a large one takes. */
interface Lease {
  readonly buffer: Buffer
  readonly size: number
  readonly isBorrowed: boolean
}

function takeLease(wanted: number, left: number, isBorrowed: boolean): Lease {
  const size = wanted > LEAST && seats > 0 ? wanted : LEAST
  if (size > LEAST) seats -= 1
  const buffer = isBorrowed ? FREE.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size) : Buffer.allocUnsafeSlow(Math.min(size, left))
  return { buffer, size, isBorrowed }
}

function endLease({ buffer, size, isBorrowed }: Lease): void {
  if (size > LEAST) seats += 1
  const free = isBorrowed ? FREE.get(size) : undefined
  if (free !== undefined && free.length < (size === LEAST ? KEPT : SEATS)) free.push(buffer)
}

/**
 * Reads an open file from `start` to `end` (excluded), or to its end: in large pieces for those who take them at once, which is what makes them quick, and in small ones for those who do not,
 * so that a thousand of these hold little memory. With `isBorrowed`, each piece is valid only until the next one is asked for.
 */
export async function* readAtPace(handle: FileHandle, { start, end, isBorrowed = false }: ByteRange & { readonly isBorrowed?: boolean }): AsyncGenerator<Uint8Array> {
  let wanted = MOST
  for (let position = start; position < end;) {
    const lease = takeLease(wanted, end - position, isBorrowed)
    const { buffer } = lease
    try {
      const bytesRead = await readInTurn(handle, { buffer, length: Math.min(buffer.length, end - position), position })
      if (bytesRead === 0) return
      position += bytesRead
      const given = performance.now()
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
      wanted = performance.now() - given < QUICK ? Math.min(wanted * 2, MOST) : LEAST
    } finally {
      endLease(lease)
    }
  }
}
