import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { withoutEmptyFrame } from '../src/index.ts'
import { encodePieces } from '../src/zstd-files.ts'
import { isEmptyFrame, isOneFrame } from '../src/zstd-frame.ts'
import { test } from './support/root-folder.ts'

const NOISE = Buffer.concat(Array.from({ length: 520 }, (_, at) => createHash('sha256').update(String(at)).digest()))

test('isEmptyFrame() knows every form of an empty frame, and nothing else', ({ expect }) => {
  for (const checksum of [0, 1]) {
    for (const pledgedSrcSize of [0, undefined]) {
      const frame = zstdCompressSync(Buffer.alloc(0), { params: { [constants.ZSTD_c_checksumFlag]: checksum }, ...(pledgedSrcSize === undefined ? {} : { pledgedSrcSize }) })
      expect(isEmptyFrame(frame)).toBe(true)
      for (let length = 0; length < frame.length; length += 1) expect(isEmptyFrame(frame.subarray(0, length))).toBe(false)
      expect(isEmptyFrame(Buffer.concat([frame, Buffer.from('x')]))).toBe(false)
    }
    for (const text of ['a', 'ab', 'abc', 'aaaaaaaaaaaa']) expect(isEmptyFrame(zstdCompressSync(text, { params: { [constants.ZSTD_c_checksumFlag]: checksum } }))).toBe(false)
  }
})

test('withoutEmptyFrame() keeps the frame of an empty document', async ({ expect }) => {
  const frame = zstdCompressSync(Buffer.alloc(0))
  const given = async function* (...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> { yield* pieces }
  expect(await Array.fromAsync(withoutEmptyFrame(given(frame)))).toEqual([frame])
  expect(await Array.fromAsync(withoutEmptyFrame(given(Buffer.from('x'), frame)))).toEqual([Buffer.from('x')])
})

test('encodePieces() makes one frame, also where it ends with a piece of the output', async ({ expect, root }) => {
  fs.mkdirSync(root, { recursive: true })
  const [plain, packed] = [join(root, 'plain'), join(root, 'packed')]
  const sizes: number[] = []
  for (let length = 16_350; length < 16_384; length += 1) {
    fs.writeFileSync(plain, NOISE.subarray(0, length))
    const bytes = Buffer.concat(await Array.fromAsync(encodePieces(plain)))
    fs.writeFileSync(packed, bytes)
    expect(isOneFrame(packed), String(length)).toBe(true)
    sizes.push(bytes.length)
  }
  expect(sizes).toContain(16_384)
})
