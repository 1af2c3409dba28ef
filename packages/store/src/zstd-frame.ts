import fs from 'node:fs'

const MAGIC = 0xfd2fb528
const DICTIONARY_BYTES = [0, 1, 2, 4]
const CONTENT_SIZE_BYTES = [0, 2, 4, 8]
const RUN_LENGTH_BLOCK = 1
const LONGEST_HEADER = 18
/** The heading of a last block without content. */
const LAST_BLOCK = 1

/**
 * True when a file is exactly one zstd frame (RFC 8878 §3.1.1). Decoders that stop behind the first frame, Node's among them, and those that go on read
 * other files differently. Reads the headings of the blocks only.
 */
export function isOneFrame(path: string): boolean {
  const fd = fs.openSync(path, 'r')
  try {
    return frameEnd(fd) === fs.fstatSync(fd).size
  } finally {
    fs.closeSync(fd)
  }
}

/** True when some bytes are exactly one frame that has nothing in it. */
export function isEmptyFrame(bytes: Uint8Array): boolean {
  if (bytes.length < 9 || bytes.length > LONGEST_HEADER + 7) return false
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const descriptor = frame.readUInt8(4)
  const end = headerLength(descriptor) + 3
  return frame.readUInt32LE(0) === MAGIC && frame.length === end + checksumLength(descriptor) && frame.readUIntLE(end - 3, 3) === LAST_BLOCK
}

/**
 * What `createZstdCompress` gives, as one frame: where the end of a frame fills a piece exactly, Node asks the encoder for more and gets an empty frame, behind which decoders that stop
 * after the first one, or refuse what follows it, stop.
 */
export async function* withoutEmptyFrame(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let isFirst = true
  for await (const piece of pieces) {
    if (isFirst || !isEmptyFrame(piece)) yield piece
    isFirst = false
  }
}

function headerLength(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0
  const contentSize = descriptor >> 6 === 0 && single ? 1 : (CONTENT_SIZE_BYTES[descriptor >> 6] ?? 0)
  return 5 + (single ? 0 : 1) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + contentSize
}

function checksumLength(descriptor: number): number {
  return (descriptor & 4) === 0 ? 0 : 4
}

function frameEnd(fd: number): number | undefined {
  const header = Buffer.alloc(LONGEST_HEADER)
  if (fs.readSync(fd, header, 0, header.length, 0) < 6 || header.readUInt32LE(0) !== MAGIC) return undefined
  const descriptor = header.readUInt8(4)
  let position = headerLength(descriptor)
  for (let last = false; !last;) {
    if (fs.readSync(fd, header, 0, 3, position) < 3) return undefined
    const block = header.readUIntLE(0, 3)
    last = (block & 1) === 1
    position += 3 + (((block >> 1) & 3) === RUN_LENGTH_BLOCK ? 1 : block >> 3)
  }
  return position + checksumLength(descriptor)
}
