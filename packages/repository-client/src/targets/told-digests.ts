import { createDigest, type Digest, digestHex, digestKind, isMd5, isSha256 } from '@mirror/core'
import type { TargetLook } from './target.ts'

/** What a server says of bytes; of others, so anything may stand there. */
export interface ToldDigests {
  readonly sha256: unknown
  readonly md5: unknown
}

/** What that is beside an artifact of which one digest is known. */
export function lookOfDigests({ sha256, md5 }: ToldDigests, digest: Digest): TargetLook {
  const told = { sha256: hexOf(sha256, isSha256), md5: hexOf(md5, isMd5) }
  const theirs = digestKind(digest) === 'md5' ? told.md5 : told.sha256
  const bytes = theirs === undefined ? 'unknown' : theirs === digestHex(digest) ? 'same' : 'other'
  if (told.sha256 !== undefined) return { status: 'present', bytes, digest: createDigest('sha256', told.sha256) }
  return { status: 'present', bytes, digest: told.md5 === undefined ? undefined : createDigest('md5', told.md5) }
}

function hexOf<Hex extends string>(value: unknown, isHex: (text: string) => text is Hex): Hex | undefined {
  const text = typeof value === 'string' ? value.toLowerCase() : ''
  return isHex(text) ? text : undefined
}
