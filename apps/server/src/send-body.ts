import type { ServerResponse } from 'node:http'
import type { ByteRange } from './conditions.ts'
import { FileReplaced, type FoundFile } from './found-file.ts'

/** Files of that size are kept in memory for as long as they are held to be the same. */
const IN_MEMORY = 65_536

/** The bytes of an answer, of which the first are there. */
export interface Body {
  /** Sends what was promised, or breaks the connection, so that nobody takes a part for the whole. */
  readonly send: (response: ServerResponse) => Promise<void>
  readonly stop: () => Promise<void>
}

/** Reads the first piece of a range. Undefined when the file is another one by now. */
export async function openBody(file: FoundFile, range: ByteRange): Promise<Body | undefined> {
  try {
    const pieces = file.size <= IN_MEMORY ? await readSmall(file, range) : await startReading(file.read(range))
    return { send: async (response) => await pump(response, pieces, range.end - range.start), stop: pieces.stop }
  } catch (error) {
    if (error instanceof FileReplaced) return undefined
    throw error
  }
}

interface Pieces {
  readonly first: Uint8Array | undefined
  readonly next: () => Promise<Uint8Array | undefined>
  readonly stop: () => Promise<void>
}

async function startReading(body: AsyncIterable<Uint8Array>): Promise<Pieces> {
  const iterator = body[Symbol.asyncIterator]()
  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await iterator.next()
    return done === true ? undefined : value
  }
  return { first: await next(), next, stop: async () => void await iterator.return?.() }
}

/** Small files are read whole, once for each answer about them; those that were wanted last are kept. */
async function readSmall(file: FoundFile, { start, end }: ByteRange): Promise<Pieces> {
  const body = bodies.get(file)?.read ?? keepBody(file, collect(file))
  try {
    return { first: (await body).subarray(start, end), next: async () => undefined, stop: async () => undefined }
  } catch (error) {
    forgetBody(file)
    throw error
  }
}

/** A body that is being read, or was. */
interface KeptBody {
  readonly read: Promise<Buffer>
  bytes?: Buffer
}

const bodies = new Map<FoundFile, KeptBody>()
const MOST_BYTES = 33_554_432
let keptBytes = 0

/** The whole of a small file that was read a moment ago: to be sent as it is, without anything to wait for. */
export function keptBody(file: FoundFile): Buffer | undefined {
  return file.size <= IN_MEMORY ? bodies.get(file)?.bytes : undefined
}

function keepBody(file: FoundFile, read: Promise<Buffer>): Promise<Buffer> {
  const kept: KeptBody = { read }
  read.then((bytes) => { kept.bytes = bytes }, () => undefined)
  bodies.set(file, kept)
  keptBytes += file.size
  for (const [oldest] of bodies) {
    if (keptBytes <= MOST_BYTES) break
    forgetBody(oldest)
  }
  return read
}

function forgetBody(file: FoundFile): void {
  if (bodies.delete(file)) keptBytes -= file.size
}

async function collect(file: FoundFile): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of file.read({ start: 0, end: file.size })) pieces.push(Buffer.from(piece))
  const bytes = Buffer.concat(pieces)
  if (bytes.length !== file.size) throw new FileReplaced(file.name)
  return bytes
}

/**
 * Waits until something that was given is out of our hands, or the connection is closed. A race of promises would keep something of every piece until the end: of a thousand slow readers, more than
 * their buffers.
 */
function createHand(response: ServerResponse): (give: (done: () => void) => void) => Promise<void> {
  let wake: (() => void) | undefined
  response.once('close', () => wake?.())
  return (give) => new Promise((resolve) => {
    wake = resolve
    if (response.closed) resolve()
    else give(resolve)
  })
}

/** A piece is out of our hands before the next one is asked for. */
async function pump(response: ServerResponse, { first, next, stop }: Pieces, length: number): Promise<void> {
  const hand = createHand(response)
  let left = length
  try {
    for (let piece = first; piece !== undefined && !response.destroyed; piece = await next()) {
      const bytes = piece
      left -= bytes.length
      if (left < 0) break
      if (left === 0) return await hand((done) => response.end(bytes, done))
      await hand((done) => response.write(bytes, () => done()))
    }
    response.destroy()
  } catch {
    response.destroy()
  } finally {
    await stop()
  }
}
