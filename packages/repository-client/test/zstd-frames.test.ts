import { constants, zstdCompressSync } from 'node:zlib'
import { describe, test } from 'vitest'
import { BrokenEncoding, createFrameSplitter } from '../src/zstd-frames.ts'

const TEXT = Buffer.from('some text, '.repeat(30_000))
const FRAMES = [
  zstdCompressSync(TEXT),
  zstdCompressSync(Buffer.alloc(0)),
  zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
  zstdCompressSync(TEXT, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }),
  zstdCompressSync(Buffer.alloc(300_000)),
]

/** The frames that come out when the bytes go in so many at a time. */
function splitBy(bytes: Uint8Array, step: number): readonly Buffer[] {
  const splitter = createFrameSplitter(2 ** 27)
  const frames: Buffer[] = []
  let parts: Uint8Array[] = []
  for (let position = 0; position < bytes.length; position += step) {
    for (const { bytes: part, ends } of splitter.split(bytes.subarray(position, position + step))) {
      parts.push(Buffer.from(part))
      if (!ends) continue
      frames.push(Buffer.concat(parts))
      parts = []
    }
  }
  splitter.end()
  return frames
}

describe('createFrameSplitter()', () => {
  test('gives each frame whole, however the bytes come', ({ expect }) => {
    const skippable = Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3])
    const all = Buffer.concat([skippable, ...FRAMES, skippable])
    for (const step of [1, 2, 3, 5, 7, 17, 64, 1000, all.length]) expect(splitBy(all, step)).toEqual(FRAMES)
  })

  test('refuses every cut that is not between frames', ({ expect }) => {
    const all = Buffer.concat(FRAMES.slice(0, 3))
    const between = new Set([FRAMES[0]?.length, (FRAMES[0]?.length ?? 0) + (FRAMES[1]?.length ?? 0)])
    for (let length = 0; length < all.length; length += 1) {
      const attempt = (): unknown => splitBy(all.subarray(0, length), 50)
      if (between.has(length)) expect(attempt).not.toThrow()
      else expect(attempt).toThrow(BrokenEncoding)
    }
  })

  test('refuses a window above the limit, of either kind of header', ({ expect }) => {
    const long = zstdCompressSync(Buffer.alloc(2 ** 21), { params: { [constants.ZSTD_c_windowLog]: 20, [constants.ZSTD_c_contentSizeFlag]: 0 } })
    expect(() => createFrameSplitter(2 ** 19).split(long)).toThrow('window')
    expect(() => createFrameSplitter(1000).split(FRAMES[0] ?? Buffer.alloc(0))).toThrow('window')
    expect(() => createFrameSplitter(2 ** 22).split(long)).not.toThrow()
  })
})

describe('frames()', () => {
  const SKIPPABLE = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2])

  function countFrames(...pieces: readonly Uint8Array[]): number {
    const splitter = createFrameSplitter()
    splitter.split(Buffer.concat(pieces))
    return splitter.frames()
  }

  test('tells one frame from several, and from one with a skippable frame beside it', ({ expect }) => {
    for (const frame of FRAMES) {
      expect([countFrames(frame), countFrames(frame, frame), countFrames(frame, SKIPPABLE), countFrames(SKIPPABLE, frame)]).toEqual([1, 2, 2, 2])
    }
  })
})
