import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { describe, type OnTestFinishedHandler, test } from 'vitest'
import { createSpoolSpace, type SpoolSpace } from '../src/spool-space.ts'
import { createZstdWriter } from '../src/zstd-writer.ts'

function makeTemporaryFolder(onTestFinished: (handler: OnTestFinishedHandler) => void): string {
  const folder = mkdtempSync(join(tmpdir(), 'zstd-writer-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const signal = AbortSignal.timeout(60_000)

/** Bytes that do not compress to nothing, and differ everywhere. */
function makeBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, seed = 1; at < length; at += 1) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = (seed >>> 16) & 0x3f
  }
  return bytes
}

async function compress(bytes: Buffer, piece: number, spool: SpoolSpace) {
  using writer = createZstdWriter(bytes.length, { spool, signal })
  for (let at = 0; at < bytes.length; at += piece) {
    // What a caller does with its buffer afterwards is its own affair.
    const chunk = Buffer.from(bytes.subarray(at, at + piece))
    writer.write(chunk)
    chunk.fill(0)
    await writer.whenReady()
  }
  const frame = await writer.end()
  return Buffer.from(frame.read(0, frame.length))
}

/** RFC 8878 §3.1.1.1: a content size is there when its flag is not 0 or the frame is one segment. */
function tellsSize(frame: Buffer): boolean {
  const descriptor = frame[4] ?? 0
  return descriptor >> 6 !== 0 || (descriptor & 0x20) !== 0
}

describe('createZstdWriter()', () => {
  test('makes one frame also where it ends with a piece of its output', async ({ expect, onTestFinished }) => {
    using spool = createSpoolSpace(makeTemporaryFolder(onTestFinished))
    const noise = randomBytes(65_536)
    const sizes = new Set<number>()
    // Noise grows by its headings alone: one of the frames has exactly 65,536 bytes.
    for (let length = 65_500; length < 65_536; length += 1) {
      const frame = await compress(noise.subarray(0, length), 65_536, spool)
      sizes.add(frame.length)
      expect(frame.lastIndexOf(Buffer.from('28b52ffd', 'hex')), `${length}`).toBe(0)
    }
    expect([...sizes]).toContain(65_536)
  })

  test('makes one frame that tells its size and gives back every byte, whatever the pieces', async ({ expect, onTestFinished }) => {
    const folder = makeTemporaryFolder(onTestFinished)
    using spool = createSpoolSpace(folder)
    for (const length of [0, 1, 131_071, 131_072, 131_073, 3_000_000]) {
      const bytes = makeBytes(length)
      const frames = await Promise.all([4_099, 65_536, 1_000_000].map((piece) => compress(bytes, piece, spool)))
      for (const frame of frames) {
        expect(tellsSize(frame), `${length}`).toBe(true)
        // An empty frame behind it decodes to the same bytes.
        expect(frame.lastIndexOf(Buffer.from('28b52ffd', 'hex')), `${length}`).toBe(0)
        expect(createHash('sha256').update(zstdDecompressSync(frame)).digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
      }
      expect(new Set(frames.map((frame) => frame.toString('base64'))).size).toBe(1)
    }
  })

  test('refuses to end with another length than was said', async ({ expect, onTestFinished }) => {
    const folder = makeTemporaryFolder(onTestFinished)
    using spool = createSpoolSpace(folder)
    for (const said of [999, 1_001]) {
      using writer = createZstdWriter(said, { spool, signal })
      writer.write(makeBytes(1_000))
      await expect(writer.end()).rejects.toThrow()
    }
  })

  test('a caller that waits for room is told when it is stopped', async ({ expect, onTestFinished }) => {
    const folder = makeTemporaryFolder(onTestFinished)
    using spool = createSpoolSpace(folder)
    const stop = new AbortController()
    using writer = createZstdWriter(100_000_000, { spool, signal: stop.signal })
    const bytes = makeBytes(1_000_000)
    async function fill(): Promise<void> {
      for (let count = 0; count < 100; count += 1) {
        if (count === 5) stop.abort(new Error('enough'))
        writer.write(bytes)
        await writer.whenReady()
      }
    }
    await expect(fill()).rejects.toThrow()
  })
})
