import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { readAtPace } from '../src/index.ts'
import { test as base } from './support/root-folder.ts'

const MIB = 1 << 20
const BYTES = Buffer.concat(Array.from({ length: (2 * MIB) / 32 + 5 }, (_, at) => createHash('sha256').update(String(at)).digest()))

const test = base.extend<{ path: string }>({
  path: async ({ root }, use) => {
    fs.mkdirSync(root, { recursive: true })
    fs.writeFileSync(join(root, 'file'), BYTES)
    await use(join(root, 'file'))
  },
})

async function readRange(path: string, range: Parameters<typeof readAtPace>[1]): Promise<Buffer> {
  await using handle = await open(path)
  return Buffer.concat(await Array.fromAsync(readAtPace(handle, range), (piece) => Buffer.from(piece)))
}

async function firstPiece(path: string, isBorrowed: boolean): Promise<number> {
  await using handle = await open(path)
  for await (const piece of readAtPace(handle, { start: 0, end: BYTES.length, isBorrowed })) return piece.length
  return 0
}

for (const isBorrowed of [false, true]) {
  test(`readAtPace() reads any range, and no further than the file goes${isBorrowed ? ', into borrowed buffers' : ''}`, async ({ expect, path }) => {
    for (const [start, end] of [[0, 0], [0, 1], [0, BYTES.length], [1, 32_769], [MIB - 1, MIB + 1], [BYTES.length - 3, BYTES.length], [BYTES.length - 3, BYTES.length + 100], [BYTES.length, BYTES.length + 1]] as const) {
      expect((await readRange(path, { start, end, isBorrowed })).equals(BYTES.subarray(start, end)), `${start}-${end}`).toBe(true)
    }
  })

  test(`readAtPace() serves many at a time, and gives large pieces again after many broke off${isBorrowed ? ', with borrowed buffers' : ''}`, async ({ expect, path }) => {
    const all = await Promise.all(Array.from({ length: 100 }, (_, at) => readRange(path, { start: at * 1000, end: BYTES.length - at, isBorrowed })))
    expect(all.filter((bytes, at) => !bytes.equals(BYTES.subarray(at * 1000, BYTES.length - at))).length).toBe(0)
    for (let round = 0; round < 100; round += 1) expect(await firstPiece(path, isBorrowed)).toBe(MIB / 4)
  })
}

test('readAtPace() passes on why a file cannot be read, and keeps nothing of it', async ({ expect, path }) => {
  for (let round = 0; round < 100; round += 1) {
    const handle = await open(path)
    await handle.close()
    await expect(Array.fromAsync(readAtPace(handle, { start: 0, end: 10, isBorrowed: true }))).rejects.toThrow()
  }
  expect(await firstPiece(path, true)).toBe(MIB / 4)
})
