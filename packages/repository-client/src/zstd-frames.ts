/** Something is wrong with compressed bytes: not the format, cut short, or followed by others. */
export class BrokenEncoding extends Error {
  override readonly name = 'BrokenEncoding'
}

/** A part of a chunk that belongs to one frame. */
export interface FramePart {
  readonly bytes: Uint8Array
  /** True for the last part of its frame. */
  readonly ends: boolean
}

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const LONGEST_HEADER = 18

/** Finds where frames end, without decoding them. */
export interface FrameSplitter {
  /** The parts of the next chunk. Throws `BrokenEncoding` for what is no frame, and for a window above the limit. */
  readonly split: (chunk: Uint8Array) => readonly FramePart[]
  /** Throws `BrokenEncoding` unless the bytes ended with a frame. */
  readonly end: () => void
}

/**
 * Creates a splitter of zstd frames (RFC 8878 §3.1). Needed because Node's decoder stops after the first frame and says nothing of what follows (`reliability.md` §0.9): with it, every
 * frame is decoded, and bytes that are no frame are refused. Skippable frames are passed over.
 */
export function createFrameSplitter(maximumWindow: number): FrameSplitter {
  // What is gathered byte by byte: a header, or the 3 bytes before a block.
  const gathered = Buffer.alloc(LONGEST_HEADER)
  let gatheredLength = 0
  let needed = 4
  let state: 'magic' | 'skippable-size' | 'header' | 'block-header' | 'skip' | 'last' | 'skippable' = 'magic'
  let remaining = 0
  let hasChecksum = false
  let frames = 0
  let inFrame = false

  function gather(chunk: Uint8Array, position: number): number {
    const count = Math.min(needed - gatheredLength, chunk.length - position)
    gathered.set(chunk.subarray(position, position + count), gatheredLength)
    gatheredLength += count
    return count
  }

  function expect(next: typeof state, bytes: number): void {
    state = next
    needed = bytes
    gatheredLength = 0
  }

  function onMagic(): void {
    const magic = gathered.readUInt32LE(0)
    if (magic === FRAME_MAGIC) {
      inFrame = true
      return expect('header', 1)
    }
    if (Math.floor(magic / 16) === SKIPPABLE_MAGIC / 16) return expect('skippable-size', 4)
    throw new BrokenEncoding(frames === 0 ? 'it does not begin with a zstd frame' : 'other bytes follow the zstd frame')
  }

  function onHeader(): void {
    const descriptor = gathered[0] ?? 0
    const size = headerSize(descriptor)
    if (needed < size) {
      needed = size
      return
    }
    if ((descriptor & 0x08) !== 0) throw new BrokenEncoding('its zstd frame has a reserved bit set')
    if (windowOf(gathered.subarray(0, size), descriptor) > maximumWindow) throw new BrokenEncoding(`its zstd window is larger than ${maximumWindow} bytes`)
    hasChecksum = (descriptor & 0x04) !== 0
    expect('block-header', 3)
  }

  /** True when the frame ends right here. */
  function onBlockHeader(): boolean {
    const header = gathered.readUIntLE(0, 3)
    const type = (header >> 1) & 3
    if (type === 3) throw new BrokenEncoding('it has a zstd block of an unknown type')
    remaining = type === 1 ? 1 : header >> 3
    const isLast = (header & 1) === 1
    if (isLast) remaining += hasChecksum ? 4 : 0
    if (remaining > 0) state = isLast ? 'last' : 'skip'
    else if (isLast) return true
    else expect('block-header', 3)
    return false
  }

  function closeFrame(): void {
    frames += 1
    inFrame = false
    expect('magic', 4)
  }

  return {
    split(chunk) {
      const parts: FramePart[] = []
      let start = 0
      let position = 0
      while (position < chunk.length) {
        if (state === 'skip' || state === 'last' || state === 'skippable') {
          const count = Math.min(remaining, chunk.length - position)
          position += count
          remaining -= count
          if (remaining > 0) break
          if (state === 'skip') expect('block-header', 3)
          else {
            if (state === 'last') parts.push({ bytes: chunk.subarray(start, position), ends: true })
            closeFrame()
            start = position
          }
          continue
        }
        position += gather(chunk, position)
        if (gatheredLength < needed) break
        if (state === 'magic') {
          onMagic()
          // The four bytes may have come in two chunks.
          if (inFrame) parts.push({ bytes: Buffer.from(gathered.subarray(0, 4)), ends: false })
          start = position
        } else if (state === 'header') onHeader()
        else if (state === 'skippable-size') {
          remaining = gathered.readUInt32LE(0)
          state = 'skippable'
          start = position
          if (remaining === 0) closeFrame()
        } else if (onBlockHeader()) {
          parts.push({ bytes: chunk.subarray(start, position), ends: true })
          closeFrame()
          start = position
        }
      }
      if (inFrame && start < chunk.length) parts.push({ bytes: chunk.subarray(start), ends: false })
      return parts
    },
    end() {
      if (frames > 0 && state === 'magic' && gatheredLength === 0) return
      throw new BrokenEncoding(frames > 0 && state === 'magic' ? 'other bytes follow the zstd frame' : 'its zstd frame is cut short')
    },
  }
}

function headerSize(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  return 1 + (single ? 0 : 1) + dictionary + content
}

function windowOf(header: Buffer, descriptor: number): number {
  const size = headerSize(descriptor)
  if ((descriptor & 0x20) === 0) {
    const byte = header[1] ?? 0
    const base = 2 ** (10 + (byte >> 3))
    return base + (base / 8) * (byte & 7)
  }
  const kind = descriptor >> 6
  if (kind === 0) return header[size - 1] ?? 0
  if (kind === 1) return header.readUInt16LE(size - 2) + 256
  return kind === 2 ? header.readUInt32LE(size - 4) : Number(header.readBigUInt64LE(size - 8))
}
