import { buffer } from 'node:stream/consumers'
import { createZstdDecompress } from 'node:zlib'

const MAGIC = 0xfd2f_b528

/** The content of exactly one zstd frame; throws when bytes follow it, which Node's own function would not see. */
export async function decompressZstd(bytes: Buffer): Promise<Buffer> {
  const length = frameLength(bytes)
  if (length !== bytes.length) throw new RangeError(`${bytes.length - length} bytes after the zstd frame`)
  const stream = createZstdDecompress()
  stream.end(bytes)
  return await buffer(stream)
}

/** Bytes of the first frame, found by walking its block headers [RFC 8878 §3.1]. */
function frameLength(bytes: Buffer): number {
  if (bytes.length < 6 || bytes.readUInt32LE(0) !== MAGIC) throw new RangeError('not a zstd frame')
  const descriptor = bytes.readUInt8(4)
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0
  const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  let at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes
  for (;;) {
    if (at + 3 > bytes.length) throw new RangeError('the zstd frame is cut off')
    const block = bytes.readUIntLE(at, 3)
    const isRunLength = ((block >> 1) & 3) === 1
    at += 3 + (isRunLength ? 1 : block >> 3)
    if ((block & 1) === 1) break
  }
  return at + ((descriptor & 4) === 0 ? 0 : 4)
}
