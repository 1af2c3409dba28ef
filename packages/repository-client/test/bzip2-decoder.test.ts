import { createHash, randomBytes } from 'node:crypto'
import { compressBzip2 } from '@mirror/test-fixtures'
import { describe, expect, test } from 'vitest'
import { createBzip2Decoder } from '../src/index.ts'

/** Decodes bytes that come in pieces of the given sizes, the last one again and again. */
function decode(bytes: Uint8Array, sizes: readonly number[] = [bytes.length + 1]): { readonly fault: Error | undefined; readonly decoded: Buffer; readonly largest: number } {
  const chunks: Uint8Array[] = []
  const decoder = createBzip2Decoder((chunk) => chunks.push(chunk))
  let fault: Error | undefined
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[Math.min(index, sizes.length - 1)] ?? bytes.length
    fault ??= decoder.write(bytes.subarray(at, at + size))
    at += size
  }
  fault ??= decoder.end()
  return { fault, decoded: Buffer.concat(chunks), largest: Math.max(0, ...chunks.map(({ length }) => length)) }
}

describe('createBzip2Decoder()', () => {
  test('decodes what was compressed, in pieces of any size, and several streams behind one another', async () => {
    const inputs = [Buffer.from('a'), Buffer.alloc(300_000, 'ab'), randomBytes(1_000_000), Buffer.alloc(2_000_000), Buffer.from('conda '.repeat(50_000))]
    const packed = await Promise.all(inputs.map(async (input) => await compressBzip2(input)))
    for (const [index, bytes] of packed.entries()) {
      for (const sizes of [[bytes.length], [1, 7, 4096], [65_536]]) {
        const { fault, decoded, largest } = decode(bytes, sizes)
        expect(fault).toBeUndefined()
        expect(createHash('sha256').update(decoded).digest('hex')).toBe(createHash('sha256').update(inputs[index] ?? '').digest('hex'))
        expect(largest).toBeLessThanOrEqual(65_536)
      }
    }
    expect(decode(Buffer.concat(packed)).decoded.equals(Buffer.concat(inputs))).toBe(true)
  })

  test('never gives other bytes for whole ones, whichever byte is changed, and finds every end that is too early', async () => {
    const input = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 251))
    const packed = await compressBzip2(input)
    let found = 0
    for (let at = 0; at < packed.length; at += 1) {
      const changed = Buffer.from(packed)
      changed[at] = (changed[at] ?? 0) ^ 0x10
      const { fault, decoded } = decode(changed)
      // Some bits are of no use: in tables that no symbol is coded by, and behind the end.
      expect(fault !== undefined || decoded.equals(input), `byte ${at}`).toBe(true)
      if (fault !== undefined) found += 1
      expect(decode(packed.subarray(0, at)).fault, `the first ${at} bytes`).toBeInstanceOf(Error)
    }
    expect(found).toBeGreaterThan(packed.length * 0.9)
    expect(decode(Buffer.concat([packed, Buffer.from('x')])).fault).toBeInstanceOf(Error)
    expect(decode(Buffer.alloc(0)).fault).toBeInstanceOf(Error)
  })

  test('never gives anything but a result or a fault for random bytes behind a right start', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const rest = createHash('shake256', { outputLength: seed + 1 }).update(String(seed)).digest()
      expect(decode(Buffer.concat([Buffer.from('BZh91AY&SY'), rest])).fault, `seed ${seed}`).toBeInstanceOf(Error)
    }
  })

  test('stops within a block when whoever takes it has enough: a hostile kilobyte costs no more than that', async () => {
    const bomb = await compressBzip2(Buffer.alloc(40_000_000))
    expect(bomb.length).toBeLessThan(1000)
    const before = process.memoryUsage().rss
    let taken = 0
    const decoder = createBzip2Decoder((chunk) => {
      taken += chunk.length
      if (taken > 1_000_000) throw new RangeError('enough')
    })
    expect(() => decoder.write(bomb) ?? decoder.end()).toThrow('enough')
    expect(taken).toBeLessThan(1_100_000)
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 1024 * 1024)
  })

  test('two decoders in turn do not disturb each other', async () => {
    const inputs = [randomBytes(2_000_000), Buffer.from('turn '.repeat(600_000))]
    const packed = await Promise.all(inputs.map(async (input) => await compressBzip2(input)))
    const taken: Uint8Array[][] = [[], []]
    const decoders = taken.map((chunks) => createBzip2Decoder((chunk) => chunks.push(chunk)))
    for (let at = 0; packed.some(({ length }) => at < length); at += 10_000) for (const [index, decoder] of decoders.entries()) decoder.write(packed[index]?.subarray(at, at + 10_000) ?? Buffer.alloc(0))
    expect(decoders.map((decoder) => decoder.end())).toEqual([undefined, undefined])
    for (const [index, chunks] of taken.entries()) expect(Buffer.concat(chunks).equals(inputs[index] ?? Buffer.alloc(0))).toBe(true)
  })
})
