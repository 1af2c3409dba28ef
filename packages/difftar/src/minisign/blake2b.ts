const MASK = 0xffffffffffffffffn
const IV: readonly bigint[] = [
  0x6a09e667f3bcc908n, 0xbb67ae8584caa73bn, 0x3c6ef372fe94f82bn, 0xa54ff53a5f1d36f1n, 0x510e527fade682d1n, 0x9b05688c2b3e6c1fn, 0x1f83d9abfb41bd6bn, 0x5be0cd19137e2179n,
]
const SIGMA: readonly (readonly number[])[] = [
  [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3], [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
  [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8], [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13], [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
  [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11], [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10], [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
  [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
]
const LANES: readonly (readonly [number, number, number, number])[] = [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15], [0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]]
const ROUNDS = 12
const BLOCK_BYTES = 128

/** BLAKE2b (RFC 7693) without a key, of any length up to 64 bytes, which `node:crypto` does not have. For a few bytes only: it is slow. */
export function blake2b(message: Uint8Array, length: number): Buffer {
  const hash = BigUint64Array.from(IV)
  hash[0] = (hash[0] ?? 0n) ^ 0x01010000n ^ BigInt(length)
  const blocks = Math.max(1, Math.ceil(message.length / BLOCK_BYTES))
  for (let block = 0; block < blocks; block += 1) {
    const end = Math.min(message.length, (block + 1) * BLOCK_BYTES)
    const words = Buffer.alloc(BLOCK_BYTES)
    words.set(message.subarray(block * BLOCK_BYTES, end))
    compress(hash, { words, counter: BigInt(end), isLast: block === blocks - 1 })
  }
  const bytes = Buffer.alloc(64)
  hash.forEach((word, place) => bytes.writeBigUInt64LE(word, place * 8))
  return bytes.subarray(0, length)
}

interface Block {
  readonly words: Buffer
  readonly counter: bigint
  readonly isLast: boolean
}

function compress(hash: BigUint64Array, { words, counter, isLast }: Block): void {
  const state = BigUint64Array.from([...hash, ...IV])
  state[12] = (state[12] ?? 0n) ^ counter
  if (isLast) state[14] = (state[14] ?? 0n) ^ MASK
  const word = (round: number, place: number): bigint => words.readBigUInt64LE((SIGMA[round % 10]?.[place] ?? 0) * 8)
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [lane, cells] of LANES.entries()) mix(state, { cells, x: word(round, 2 * lane), y: word(round, 2 * lane + 1) })
  }
  for (let place = 0; place < 8; place += 1) hash[place] = (hash[place] ?? 0n) ^ (state[place] ?? 0n) ^ (state[place + 8] ?? 0n)
}

interface Mix {
  readonly cells: readonly [number, number, number, number]
  readonly x: bigint
  readonly y: bigint
}

function mix(state: BigUint64Array, { cells: [a, b, c, d], x, y }: Mix): void {
  const at = (cell: number): bigint => state[cell] ?? 0n
  const rotate = (value: bigint, bits: bigint): bigint => ((value >> bits) | (value << (64n - bits))) & MASK
  state[a] = at(a) + at(b) + x
  state[d] = rotate(at(d) ^ at(a), 32n)
  state[c] = at(c) + at(d)
  state[b] = rotate(at(b) ^ at(c), 24n)
  state[a] = at(a) + at(b) + y
  state[d] = rotate(at(d) ^ at(a), 16n)
  state[c] = at(c) + at(d)
  state[b] = rotate(at(b) ^ at(c), 63n)
}
