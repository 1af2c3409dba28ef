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

/** Finds where frames end, without decoding them. */
export interface FrameSplitter {
  /** The parts of the next chunk. Throws `BrokenEncoding` for what is no frame, and for a window above the limit. */
  readonly split: (chunk: Uint8Array) => readonly FramePart[]
  /** Throws `BrokenEncoding` unless the bytes ended with a frame. */
  readonly end: () => void
  /** Frames that have ended, those that are skipped among them. */
  readonly frames: () => number
}

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const LONGEST_HEADER = 18
/** Windows up to this are decoded; zstd's own limit without `--long` (RFC 8878 §3.1.1.1.2 recommends at least 8 MiB). */
const MAXIMUM_WINDOW = 134_217_728

/** What is gathered until it is whole: few bytes, or, of a body, only counted. */
type Step = 'magic' | 'header' | 'block-header' | 'block' | 'last-block' | 'skippable-size' | 'skippable'

interface State {
  readonly maximumWindow: number
  readonly gathered: Buffer
  step: Step
  /** Bytes until the step is whole. */
  missing: number
  have: number
  hasChecksum: boolean
  frames: number
}

/** What a whole step means for the bytes up to its end. */
type Outcome = 'goes-on' | 'begins' | 'ends' | 'aside'

/**
 * Creates a splitter of zstd frames (RFC 8878 §3.1). Needed because Node's decoder stops after the first frame and says nothing of what follows (`reliability.md` §0.9): with it, every
 * frame is decoded, and bytes that are no frame are refused. Skippable frames are passed over.
 */
export function createFrameSplitter(maximumWindow: number = MAXIMUM_WINDOW): FrameSplitter {
  const state: State = { maximumWindow, gathered: Buffer.alloc(LONGEST_HEADER), step: 'magic', missing: 4, have: 0, hasChecksum: false, frames: 0 }
  return {
    split: (chunk) => split(state, chunk),
    frames: () => state.frames,
    end() {
      if (state.frames > 0 && state.step === 'magic' && state.have === 0) return
      throw new BrokenEncoding(state.frames > 0 && state.step === 'magic' ? 'other bytes follow the zstd frame' : 'its zstd frame is cut short')
    },
  }
}

function split(state: State, chunk: Uint8Array): readonly FramePart[] {
  const parts: FramePart[] = []
  let start = 0
  let position = 0
  while (position < chunk.length) {
    position += take(state, chunk, position)
    if (state.missing > 0) break
    const outcome = completeStep(state)
    if (outcome === 'goes-on') continue
    // The four bytes of the magic number may have come in two chunks.
    if (outcome === 'begins') parts.push({ bytes: Buffer.from(state.gathered.subarray(0, 4)), ends: false })
    if (outcome === 'ends') parts.push({ bytes: chunk.subarray(start, position), ends: true })
    start = position
  }
  if (isInFrame(state) && start < chunk.length) parts.push({ bytes: chunk.subarray(start), ends: false })
  return parts
}

function isInFrame({ step }: State): boolean {
  return step === 'header' || step === 'block-header' || step === 'block' || step === 'last-block'
}

/** Takes bytes for the step: kept where they are read later, else only counted. */
function take(state: State, chunk: Uint8Array, position: number): number {
  const count = Math.min(state.missing, chunk.length - position)
  const isCounted = state.step === 'block' || state.step === 'last-block' || state.step === 'skippable'
  if (!isCounted) state.gathered.set(chunk.subarray(position, position + count), state.have)
  state.have += count
  state.missing -= count
  return count
}

function expect(state: State, step: Step, missing: number): void {
  state.step = step
  state.missing = missing
  state.have = 0
}

function completeStep(state: State): Outcome {
  switch (state.step) {
    case 'magic':
      return completeMagic(state)
    case 'header':
      return completeHeader(state)
    case 'block-header':
      return completeBlockHeader(state)
    case 'block':
      expect(state, 'block-header', 3)
      return 'goes-on'
    case 'skippable-size':
      return completeSkippableSize(state)
    case 'last-block':
      return closeFrame(state, 'ends')
    case 'skippable':
      return closeFrame(state, 'aside')
  }
}

function closeFrame(state: State, outcome: Outcome): Outcome {
  state.frames += 1
  expect(state, 'magic', 4)
  return outcome
}

function completeMagic(state: State): Outcome {
  const magic = state.gathered.readUInt32LE(0)
  if (magic === FRAME_MAGIC) {
    expect(state, 'header', 1)
    return 'begins'
  }
  if (Math.floor(magic / 16) === SKIPPABLE_MAGIC / 16) {
    expect(state, 'skippable-size', 4)
    return 'aside'
  }
  throw new BrokenEncoding(state.frames === 0 ? 'it does not begin with a zstd frame' : 'other bytes follow the zstd frame')
}

function completeSkippableSize(state: State): Outcome {
  const size = state.gathered.readUInt32LE(0)
  if (size === 0) return closeFrame(state, 'aside')
  expect(state, 'skippable', size)
  return 'aside'
}

function completeHeader(state: State): Outcome {
  const descriptor = state.gathered[0] ?? 0
  const size = headerSize(descriptor)
  if (state.have < size) {
    state.missing = size - state.have
    return 'goes-on'
  }
  if ((descriptor & 0x08) !== 0) throw new BrokenEncoding('its zstd frame has a reserved bit set')
  if (windowOf(state.gathered.subarray(0, size), descriptor) > state.maximumWindow) throw new BrokenEncoding(`its zstd window is larger than ${state.maximumWindow} bytes`)
  state.hasChecksum = (descriptor & 0x04) !== 0
  expect(state, 'block-header', 3)
  return 'goes-on'
}

function completeBlockHeader(state: State): Outcome {
  const header = state.gathered.readUIntLE(0, 3)
  const type = (header >> 1) & 3
  if (type === 3) throw new BrokenEncoding('it has a zstd block of an unknown type')
  const isLast = (header & 1) === 1
  const size = (type === 1 ? 1 : header >> 3) + (isLast && state.hasChecksum ? 4 : 0)
  if (size === 0 && isLast) return closeFrame(state, 'ends')
  if (size === 0) expect(state, 'block-header', 3)
  else expect(state, isLast ? 'last-block' : 'block', size)
  return 'goes-on'
}

function headerSize(descriptor: number): number {
  const single = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0
  const content = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  return 1 + (single ? 0 : 1) + dictionary + content
}

function windowOf(header: Buffer, descriptor: number): number {
  const size = header.length
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
