import { MirrorError } from './errors.ts'

declare const kind: unique symbol

/** 64 lower-case hex digits. */
export type Sha256 = string & { readonly [kind]: 'Sha256' }

/** 32 lower-case hex digits. */
export type Md5 = string & { readonly [kind]: 'Md5' }

/**
 * The identity of some bytes: `sha256:<64 hex>`, or `md5:<32 hex>` where upstream knows nothing better (old channels,
 * `channels.md` §1.5). Two digests of one kind are equal exactly when the strings are.
 */
export type Digest = string & { readonly [kind]: 'Digest' }

/** The hash functions a digest may be of. */
export type DigestKind = 'sha256' | 'md5'

const SHA256 = /^[0-9a-f]{64}$/
const MD5 = /^[0-9a-f]{32}$/

/** True for 64 lower-case hex digits. */
export function isSha256(text: string): text is Sha256 {
  return SHA256.test(text)
}

/** True for 32 lower-case hex digits. */
export function isMd5(text: string): text is Md5 {
  return MD5.test(text)
}

/** True for `sha256:<64 hex>` and `md5:<32 hex>`. */
export function isDigest(text: string): text is Digest {
  return text.startsWith('sha256:') ? isSha256(text.slice(7)) : text.startsWith('md5:') && isMd5(text.slice(4))
}

/** Makes a digest from its parts. Throws `DIGEST_INVALID` unless `hex` is lower-case hex of the right length. */
export function createDigest(type: DigestKind, hex: string): Digest {
  const text = `${type}:${hex}`
  if (isDigest(text)) return text
  const shown = JSON.stringify(hex.slice(0, 100))
  throw new MirrorError('DIGEST_INVALID', `Cannot use ${shown} as ${type}: it is not ${type === 'md5' ? 32 : 64} lower-case hex digits`)
}

/** Which hash function a digest is of. */
export function digestKind(digest: Digest): DigestKind {
  return digest.startsWith('md5:') ? 'md5' : 'sha256'
}

/** The hex digits of a digest, without its kind. */
export function digestHex(digest: Digest): string {
  return digest.slice(digest.indexOf(':') + 1)
}
