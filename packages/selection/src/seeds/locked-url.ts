import { isArtifactName, isMd5, isSha256, isSubdirName, stripUrl } from '@mirror/core'
import type { LockedArtifact } from '../closure/closure-types.ts'

/** What a lock file says of an artifact beside its URL. */
export interface LockedDigests {
  readonly sha256?: unknown
  readonly md5?: unknown
}

/** The artifact; `undefined` for what is no URL (a folder with sources); or what is wrong with it. */
export function readLockedUrl(url: string, digests: LockedDigests): LockedArtifact | string | undefined {
  const parsed = /^(?:https?|file):\/\//i.test(url) ? URL.parse(url) : null
  if (parsed === null) return undefined
  const [subdir, name] = parsed.pathname.split('/').slice(-2).map(decode)
  if (name === undefined || !isArtifactName(name)) return 'its URL does not end in the name of an artifact'
  if (subdir === undefined || !isSubdirName(subdir)) return 'its URL has no subdir before the name'
  const sha256 = readDigest(digests.sha256)
  const md5 = readDigest(digests.md5)
  if (sha256 !== undefined && !isSha256(sha256)) return 'its sha256 is not 64 hex digits'
  if (md5 !== undefined && !isMd5(md5)) return 'its md5 is not 32 hex digits'
  const base = stripUrl(parsed) ?? `file://${parsed.pathname}`
  return { subdir, name, url: base, ...(sha256 === undefined ? {} : { sha256 }), ...(md5 === undefined ? {} : { md5 }) }
}

/** Lower case; something that is no text cannot be a digest. */
function readDigest(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value.trim().toLowerCase() : ''
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
