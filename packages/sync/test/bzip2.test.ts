import { createHash } from 'node:crypto'
import { describe, test } from 'vitest'
import { compressBzip2, decodeBzip2 } from '../src/bzip2.ts'

function decode(bytes: Uint8Array): Buffer | undefined {
  const chunks: Uint8Array[] = []
  return decodeBzip2(bytes, (chunk) => chunks.push(chunk)) ? Buffer.concat(chunks) : undefined
}

/** Text that bzip2 makes a quarter of. */
function createText(length: number): Buffer {
  const lines: string[] = []
  for (let made = 0; made < length; made += 65) lines.push(createHash('sha256').update(String(made % 650_000)).digest('hex'))
  return Buffer.from(lines.join('\n').slice(0, length))
}

// bzip2 -9 of nothing, of "a", and the first two behind each other.
const EMPTY = Buffer.from('425a683917724538509000000000', 'hex')

describe('compressBzip2() and decodeBzip2()', () => {
  test.for([0, 1, 1000, 2_000_000])('give %i bytes back', async (length, { expect }) => {
    const text = createText(length)
    expect(decode(await compressBzip2(text))?.equals(text)).toBe(true)
  })

  test('give more back than the module has memory for', { timeout: 60_000 }, async ({ expect }) => {
    const text = createText(18_000_000)
    expect(decode(await compressBzip2(text))?.equals(text)).toBe(true)
  })

  test('compress any number of documents in one process', { timeout: 60_000 }, async ({ expect }) => {
    const text = createText(2000)
    const first = await compressBzip2(text)
    for (let run = 0; run < 600; run += 1) if (!Buffer.from(first).equals(await compressBzip2(text))) expect.fail(`other bytes in run ${run}`)
    expect(process.listenerCount('uncaughtException')).toBeLessThan(10)
  })

  test('take nothing but one whole stream', async ({ expect }) => {
    const one = Buffer.from(await compressBzip2(Buffer.from('one')))
    expect(decode(EMPTY)?.length).toBe(0)
    expect(decode(Buffer.concat([one, one]))).toBeUndefined()
    expect(decode(Buffer.concat([one, EMPTY]))).toBeUndefined()
    expect(decode(one.subarray(0, -1))).toBeUndefined()
    expect(decode(one.subarray(0, 12))).toBeUndefined()
    expect(decode(Buffer.from('{"info":{}}'))).toBeUndefined()
    const damaged = Buffer.from(one)
    damaged[20] = (damaged[20] ?? 0) ^ 1
    expect(decode(damaged)).toBeUndefined()
  })
})
