import { timingSafeEqual } from 'node:crypto'
import type { Identification, Recollection } from './identification.ts'
import type { InFile } from './load-access.ts'
import { hashToken, type TokenEntry } from './token-file.ts'

/**
 * Creates what says whose token something is; undefined for nobody's. It looks among hashes, under a key of this process, of the hashes, so that how long that takes says nothing of any of them, and compares what it finds
 * in constant time.
 */
export function createTokenFinder(tokens: readonly InFile<TokenEntry>[], { keyOf, now }: Pick<Recollection, 'keyOf' | 'now'>): (token: string) => Identification | undefined {
  const secretKey = (hash: Uint8Array): string => keyOf('hash', Buffer.from(hash).toString('hex'))
  const index = Map.groupBy(tokens, ({ hash }) => secretKey(hash))
  return (token) => {
    const hash = hashToken(token)
    const found = (index.get(secretKey(hash)) ?? []).filter((entry) => timingSafeEqual(entry.hash, hash))
    const [first, ...others] = found.filter(({ expires }) => expires === undefined || expires > now())
    if (first !== undefined) return { status: 'known', grants: [first, ...others] }
    return found.length > 0 ? { status: 'expired' } : undefined
  }
}
