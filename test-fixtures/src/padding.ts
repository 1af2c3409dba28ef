import { createCipheriv, createHash } from 'node:crypto'

/** As many bytes as asked that no compressor makes smaller; the same seed gives the same bytes everywhere. */
export function createPadding(seed: string, bytes: number): Buffer {
  const key = createHash('sha256').update(seed).digest()
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes))
}
